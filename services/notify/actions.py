"""The use cases of the notify service: decide who is told, save, wake whoever is looking."""

from collections.abc import Sequence
from uuid import UUID

from services.notify import domain, store
from services.notify.domain import Notice, PointsStep, RequestStep
from services.notify.store import InboxNotice, Reader
from shared import clock
from shared.database import Transaction
from shared.events import MembershipChanged

__all__ = ["read_one", "read_up_to", "tell_of_points", "tell_of_requests", "tell_the_admitted"]


async def tell_of_requests(tx: Transaction, steps: Sequence[RequestStep]) -> None:
    """Tell whom steps of requests concern; old steps only leave the number people read."""
    await store.add(tx, await _notices(tx, steps), numbered=steps)


async def tell_of_points(tx: Transaction, steps: Sequence[PointsStep]) -> None:
    """Tell takers of their points."""
    if notices := await _notices(tx, steps):
        await store.add(tx, notices)


async def tell_the_admitted(tx: Transaction, changes: Sequence[MembershipChanged]) -> None:
    """Tell members who have become volunteers; before what is known of them is changed.

    Whoever comes in as a volunteer has nothing to be told.
    """
    volunteers = domain.newest_volunteers(changes)
    if not volunteers:
        return
    admitted = await store.not_yet_volunteers(tx, volunteers.values())
    calls = domain.calls_to_admitted((volunteers[one] for one in admitted), now=clock.now())
    if calls:
        await store.add(tx, domain.address(calls, {}))


async def read_one(tx: Transaction, reader: Reader, notice_id: UUID) -> InboxNotice:
    """Mark one of the reader's notices as read; the first time counts. Raises NotFound."""
    await store.mark_read(tx, reader, [notice_id], now=clock.now())
    return await store.notice(tx, reader, notice_id)


async def read_up_to(tx: Transaction, reader: Reader, notice_id: UUID) -> int:
    """Mark everything up to and with `notice_id` as read; how many are still unread."""
    await store.mark_read_up_to(tx, reader, notice_id, now=clock.now())
    return await store.unread(tx, reader)


async def _notices(tx: Transaction, steps: Sequence[RequestStep | PointsStep]) -> Sequence[Notice]:
    """Who is told of `steps`; one query for the members of organisations."""
    now = clock.now()
    calls = [call for step in steps for call in domain.calls_of(step, now=now)]
    organisations = domain.organisations_in(calls)
    members = await store.members(tx, organisations) if organisations else {}
    return domain.address(calls, members)
