"""The retry table, where two replicas or a killed one are at the same event."""

from sqlalchemy import text

from shared import ids, inbox
from shared.database import ALL_COMMUNITIES, Transaction
from shared.inbox import Parked
from tests.support.platform import Neighbourhood
from tests.support.toy.running import Toy

_LATER = text(
    """
    UPDATE retry SET next_at = next_at - make_interval(secs => CAST(:seconds AS float8))
    WHERE event_id = :id
    """
)
_ATTEMPTS = text("SELECT attempts FROM retry WHERE event_id = :id")


def failed(attempts: int) -> Parked:
    """An event that has failed so often before; of a consumer that nobody sweeps for."""
    return Parked("toy-nobody", ids.new_id(), "evt.toy", {}, b"{}", attempts)


async def is_due(tx: Transaction, parked: Parked) -> bool:
    due = await inbox.take_due(tx, limit=1000)
    return parked.event_id in {one.event_id for one in due}


async def test_what_a_killed_replica_had_in_hand_waits_for_15_seconds(
    toy: Toy, hood: Neighbourhood
) -> None:
    parked = failed(0)
    async with toy.service.database.transaction(ALL_COMMUNITIES) as tx:
        await inbox.park(tx, parked, community=hood.slug, reason="passing")
        assert not await is_due(tx, parked)
        await tx.execute(_LATER, {"seconds": 2, "id": parked.event_id})  # 1 s, and 20 % more
        assert await is_due(tx, parked)
        await tx.execute(_LATER, {"seconds": 14.9, "id": parked.event_id})
        assert not await is_due(tx, parked)
        await tx.execute(_LATER, {"seconds": 0.1, "id": parked.event_id})
        assert await is_due(tx, parked)
        await inbox.forget_parked(tx, parked.consumer, [parked.event_id])


async def test_two_replicas_that_fail_at_one_event_count_one_attempt(
    toy: Toy, hood: Neighbourhood
) -> None:
    parked = failed(2)
    async with toy.service.database.transaction(hood.slug) as tx:
        for _ in range(4):
            await inbox.park(tx, parked, community=hood.slug, reason="passing")
        assert (await tx.execute(_ATTEMPTS, {"id": parked.event_id})).scalar_one() == 3
        await inbox.forget_parked(tx, parked.consumer, [parked.event_id])
