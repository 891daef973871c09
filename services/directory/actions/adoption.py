"""The directory and its stream, brought together after one of them was restored or lost."""

from collections.abc import Sequence

from services.directory import domain, store
from services.directory.actions.state import TOLD
from shared import clock
from shared.database import Transaction
from shared.events import PlaceChanged
from shared.events.directory import StateEvent
from shared.outbox import emit

__all__ = ["adopt"]


async def adopt(tx: Transaction, told: Sequence[StateEvent]) -> tuple[int, int]:
    """Take back what was told and is newer than here, tell again what the stream has not.

    `told` is the last state of every entity in the stream. How many were taken back and told
    again. The transaction must see every community.
    """
    last = {event.subject: event for event in told}
    roots = {
        one.community: one.place_id
        for one in told
        if isinstance(one, PlaceChanged) and one.kind == "community"
    }
    under_way = await store.waiting(tx)
    taken_back = again = 0
    for contract, (kind, tell) in TOLD.items():
        here = {
            event.subject: (event.version, entity)
            for entity in await store.every(tx, kind)
            for event in tell([entity], now=clock.now())
        }
        newer = [
            domain.adopt(here.get(subject, (0, None))[1], event, roots)
            for subject, event in last.items()
            if event.type() == contract and event.version > here.get(subject, (0, None))[0]
        ]
        await store.put_back(tx, kind, newer)
        untold = [
            entity
            for subject, (version, entity) in here.items()
            if subject not in under_way and (subject not in last or last[subject].version < version)
        ]
        await emit(tx, *tell(untold, now=clock.now()))
        taken_back, again = taken_back + len(newer), again + len(untold)
    return taken_back, again
