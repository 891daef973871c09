"""What follows a close: the award, then telling both; each safe to run twice."""

from uuid import UUID

from celery import Task
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tests.benchmarks import plain
from tests.benchmarks.celery_app.models import (
    Account,
    Award,
    Notice,
    Rule,
    ServiceRequest,
    Transfer,
)
from tests.benchmarks.celery_app.queues import app


def require_first(task: Task) -> None:
    """A message that comes again is late: the round must not pass."""
    if task.request.delivery_info["redelivered"]:
        raise RuntimeError(f"{task.name} was delivered again")


@app.task(name="award", bind=True)
def award(self: Task, request_id: str) -> None:
    """Book what the taker has earned."""
    require_first(self)
    with transaction.atomic():
        request = ServiceRequest.objects.get(id=request_id)
        rule = Rule.objects.get(community=request.community, code=request.points_rule)
        shard = UUID(request_id).int % plain.ISSUER_SHARDS
        holder = _locked(request.community, request.taker_id, 0)
        issuer = _locked(request.community, plain.ISSUER, shard)
        earned, is_new = Award.objects.get_or_create(
            community=request.community,
            request_id=request.id,
            taker_id=request.taker_id,
            rule=rule.code,
            defaults={
                "points": rule.points(request.service_minutes),
                "account": holder,
                "awarded_at": timezone.now(),
            },
        )
        if not is_new:
            return
        Transfer.objects.create(
            community=request.community, debit=issuer, credit=holder, amount=earned.points,
            award=earned, occurred_at=earned.awarded_at,
        )  # fmt: skip
        Account.objects.filter(id=holder.id).update(balance=F("balance") + earned.points)
        Account.objects.filter(id=issuer.id).update(balance=F("balance") - earned.points)
        told = (request_id, str(request.taker_id), "points_awarded", {"points": earned.points})
        transaction.on_commit(lambda: tell.delay(*told))


def _locked(community: str, owner_id: UUID, shard: int) -> Account:
    wanted = Account.objects.select_for_update()
    return wanted.get(community=community, owner_id=owner_id, shard=shard)


@app.task(name="tell", bind=True)
def tell(
    self: Task, request_id: str, recipient_id: str, kind: str, details: dict[str, int]
) -> None:
    """Put a notice into somebody's inbox."""
    require_first(self)
    with transaction.atomic():
        Notice.objects.get_or_create(
            request_id=request_id,
            recipient_id=recipient_id,
            kind=kind,
            defaults={"community": plain.COMMUNITY, "details": details},
        )
