"""The use cases of the notify service: decide who is told, save, wake whoever is looking."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify import domain, store
from services.notify.domain import PointsStep, RequestStep
from services.notify.store import InboxNotice, Reader
from shared import clock

__all__ = ["read_one", "read_up_to", "tell_of_points", "tell_of_requests"]


async def tell_of_requests(tx: AsyncConnection, steps: Sequence[RequestStep]) -> None:
    """Tell whom steps of requests concern; old steps only leave the number people read."""
    await store.remember_numbers(tx, steps)
    await _tell(tx, steps)


async def tell_of_points(tx: AsyncConnection, steps: Sequence[PointsStep]) -> None:
    """Tell takers of their points."""
    await _tell(tx, steps)


async def read_one(tx: AsyncConnection, reader: Reader, notice_id: UUID) -> InboxNotice:
    """Mark one of the reader's notices as read; the first time counts. Raises NotFound."""
    await store.mark_read(tx, reader, [notice_id], now=clock.now())
    return await store.notice(tx, reader, notice_id)


async def read_up_to(tx: AsyncConnection, reader: Reader, notice_id: UUID) -> int:
    """Mark everything up to and with `notice_id` as read; how many are still unread."""
    await store.mark_read_up_to(tx, reader, notice_id, now=clock.now())
    return await store.unread(tx, reader)


async def _tell(tx: AsyncConnection, steps: Sequence[RequestStep | PointsStep]) -> None:
    """One query for the members of organisations, one insert for all notices."""
    now = clock.now()
    calls = [call for step in steps for call in domain.calls_of(step, now=now)]
    organisations = domain.organisations_in(calls)
    members = await store.members(tx, organisations) if organisations else {}
    notices = domain.address(calls, members)
    if notices:
        await store.add(tx, notices)
