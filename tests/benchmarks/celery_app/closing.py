"""Closes by Django's ORM, in threads, and sends the tasks when the close has committed."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import django
from django.db import transaction
from django.utils import timezone

django.setup()

from tests.benchmarks import driving  # noqa: E402 - models need a Django that is set up
from tests.benchmarks.celery_app.models import ServiceRequest, Step  # noqa: E402
from tests.benchmarks.celery_app.tasks import award, tell  # noqa: E402
from tests.benchmarks.driving import Asked  # noqa: E402

THREADS = 8


def close(asked: Asked) -> None:
    """Load, change, save; the tasks go out after the commit."""
    with transaction.atomic():
        request = ServiceRequest.objects.select_for_update().get(id=asked.request_id)
        assert (request.status, request.requester_id) == ("resolved", asked.requester_id)
        request.status, request.version = "closed", request.version + 1
        request.closed_at = request.updated_at = timezone.now()
        request.save(update_fields=["status", "version", "closed_at", "updated_at"])
        Step.objects.create(
            request=request, version=request.version, community=request.community, kind="closed",
            by=asked.requester_id, at=request.closed_at,
        )  # fmt: skip
        told = (str(request.id), str(request.requester_id), "request_closed", {})
        transaction.on_commit(lambda: award.delay(str(request.id)))
        transaction.on_commit(lambda: tell.delay(*told))


async def main() -> None:
    """Close what standard input says."""
    with ThreadPoolExecutor(THREADS) as threads:
        loop = asyncio.get_running_loop()

        async def close_in_thread(asked: Asked) -> None:
            await loop.run_in_executor(threads, close, asked)

        await driving.obey(close_in_thread)


if __name__ == "__main__":
    driving.run(main())
