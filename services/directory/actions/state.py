"""Telling the present: what leaves is the row as it is now, never as it was when it changed.

A snapshot that was replayed after its tombstone brought an erased person back (`DESIGN.md` §5).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any, Final

from services.directory import domain, store
from services.directory.domain import (
    Community,
    Membership,
    Organisation,
    Person,
    Place,
    PublicKey,
)
from services.directory.store import Entity
from shared import clock
from shared.database import ALL_COMMUNITIES, Database, Transaction
from shared.events import (
    CommunityChanged,
    MembershipChanged,
    OrganisationChanged,
    PersonChanged,
    PlaceChanged,
    SigningKeyChanged,
)
from shared.events.directory import StateEvent
from shared.outbox import emit
from shared.relay import Rendering, Unsent

__all__ = ["TOLD", "render", "rendering", "republish_all"]

CHUNK: Final = 1000

Telling = Callable[..., Sequence[StateEvent]]

TOLD: Final[dict[str, tuple[type[Entity], Telling]]] = {
    SigningKeyChanged.type(): (PublicKey, domain.tell_keys),
    CommunityChanged.type(): (Community, domain.tell_communities),
    PlaceChanged.type(): (Place, domain.tell_places),
    OrganisationChanged.type(): (Organisation, domain.tell_organisations),
    PersonChanged.type(): (Person, domain.tell_people),
    MembershipChanged.type(): (Membership, domain.tell_memberships),
}
"""What each state event tells of, in the order in which a new follower understands them."""


def rendering(database: Database) -> Rendering:
    """What the relay asks before it publishes."""

    async def render_batch(rows: Sequence[Unsent]) -> Sequence[Unsent]:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            return await render(tx, rows)

    return render_batch


async def render(tx: Transaction, rows: Sequence[Unsent]) -> list[Unsent]:
    """The rows with the bodies and versions of now, one query a kind.

    The message id is the entity with its version, so the stream takes each state once.
    """
    now = clock.now()
    present: dict[str, StateEvent] = {}
    for name, (kind, tell) in TOLD.items():
        keys = [(one.subject.split(".")[1], one.entity_id) for one in rows if one.type == name]
        if keys:
            events = tell(await store.present(tx, kind, keys), now=now)
            present |= {event.subject: event for event in events}
    return [_rendered(row, present.get(row.subject)) for row in rows]


async def republish_all(tx: Transaction) -> int:
    """Emit every row of every kind anew, tombstones included; how many (`outbox republish`).

    The transaction must see every community.
    """
    count = 0
    for kind, tell in TOLD.values():
        for events in batched(await _events(tx, kind, tell), CHUNK, strict=False):
            await emit(tx, *events)
            count += len(events)
    return count


async def _events(
    tx: Transaction, kind: type[Entity], tell: Callable[..., Iterable[Any]]
) -> Iterable[StateEvent]:
    return tell(await store.every(tx, kind), now=clock.now())


def _rendered(row: Unsent, event: StateEvent | None) -> Unsent:
    if event is None:
        return row  # no row is ever deleted; if one was by hand, the last word stands
    stamped = event.model_copy(update={"event_id": row.event_id, "occurred_at": row.occurred_at})
    return replace(
        row,
        version=event.version,
        body=stamped.model_dump_json(),
        message_id=f"{event.subject}:{event.version}",
    )
