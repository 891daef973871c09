"""What nobody answers closes by itself (`DOMAIN.md` §6 rule 4).

Each of these must see every community, and any number of replicas may do it side by side.
"""

from services.requests import domain, store
from services.requests.store import Step
from shared import clock
from shared.database import Transaction

__all__ = ["announce_closing", "close_by_silence", "may_close_by_silence"]


async def may_close_by_silence(tx: Transaction) -> bool:
    """Whether what is due may close now: not for an hour after the service was away.

    Nobody could answer it meanwhile; and a database that comes from a snapshot may have forgotten
    an answer, which `jinlin reconcile` brings back before the hour is over.
    """
    now = clock.now()
    rests_until = await store.watch(
        tx, now=now, gone_before=now - domain.AWAY, rests_until=now + domain.SECOND_CHANCE
    )
    return rests_until <= now


async def close_by_silence(tx: Transaction, *, limit: int) -> int:
    """Close what nobody has answered, what waited longest first; how many, at most `limit`."""
    now = clock.now()
    unanswered = await store.load_unanswered(tx, now=now, limit=limit)
    for request in unanswered:
        closed, event = domain.close_by_silence(request, now=now)
        await store.save(tx, closed, Step("closed", None, now, via="timeout"), event)
    return len(unanswered)


async def announce_closing(tx: Transaction) -> int:
    """Give a moment to what a replica of a former version has resolved; how many they were."""
    return await store.announce_closing(tx, closes_at=domain.closes_at(clock.now()))
