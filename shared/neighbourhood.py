"""What a service remembers of the directory: places, organisations, people, keys; never names.

Each service keeps its own copy from the DIRECTORY stream, so that it works while the directory is
down. A copy of state ignores whatever is older than what it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text

from shared.consumers import Consumers, EventTx
from shared.database import Transaction
from shared.events import (
    CommunityChanged,
    MembershipChanged,
    OrganisationChanged,
    PersonChanged,
    PlaceChanged,
    SigningKeyChanged,
)
from shared.events.directory import StateEvent

__all__ = [
    "COPIED",
    "Known",
    "follow_directory",
    "keep_copies",
    "known",
    "knows_member",
    "knows_organisation",
    "knows_place",
    "roles_of",
]


@dataclass(frozen=True, slots=True)
class Known:
    """How much of a community this service knows."""

    communities: int
    places: int
    organisations: int
    memberships: int


def follow_directory(consumes: Consumers, service: str) -> None:
    """Let `service` keep a copy of the directory's state."""
    consumes(*COPIED, durable=f"{service}-directory")(keep_copies)


async def keep_copies(events: Sequence[StateEvent], tx: EventTx) -> None:
    """Write the newest state of each entity, one statement a kind."""
    for contract, (statement, columns) in _COPIES.items():
        newest: dict[tuple[str, str], StateEvent] = {}
        for event in events:
            if isinstance(event, contract):
                key = (event.community, event.entity_id)
                if key not in newest or event.version >= newest[key].version:
                    newest[key] = event
        if newest:
            rows = [_row(newest[key], columns) for key in sorted(newest)]
            await tx.execute(statement, {"rows": orjson.dumps(rows).decode()})


def _row(event: StateEvent, columns: Sequence[str]) -> dict[str, Any]:
    return {column: getattr(event, column) for column in columns}


def _copy(table: str, key: str, columns: str) -> tuple[TextClause, tuple[str, ...]]:
    """An upsert of rows given as JSON; `key` and `columns` are `name type, …`."""
    names = [one.split()[0] for one in f"{key}, {columns}".split(", ")]
    keys = [one.split()[0] for one in key.split(", ")]
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    statement = text(
        f"""
        INSERT INTO {table} ({", ".join(names)})
        SELECT {", ".join(names)} FROM jsonb_to_recordset(CAST(:rows AS jsonb))
            AS row ({key}, {columns})
        ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {sets}
        WHERE excluded.version > {table}.version
        """  # noqa: S608 - made of the constants below
    )
    return statement, tuple(names)


_COPIES: Final = {
    CommunityChanged: _copy(
        "known_community", "community text", "version bigint, title text, prefix text, removed bool"
    ),
    PlaceChanged: _copy(
        "known_place",
        "community text, place_id uuid",
        "version bigint, kind text, parent_id uuid, title text, removed bool",
    ),
    OrganisationChanged: _copy(
        "known_organisation",
        "community text, organisation_id uuid",
        "version bigint, kind text, title text, removed bool",
    ),
    PersonChanged: _copy(
        "known_person", "person_id uuid", "version bigint, language text, removed bool"
    ),
    MembershipChanged: _copy(
        "known_membership",
        "community text, person_id uuid",
        "version bigint, roles text[], organisation_ids uuid[], removed bool",
    ),
    SigningKeyChanged: _copy(
        "signing_key", "key_id text", "version bigint, public_key jsonb, removed bool"
    ),
}

COPIED: Final = tuple(_COPIES)
"""The contracts of which a service keeps copies."""

_KNOWN = text(
    """
    SELECT
        (SELECT count(*) FROM known_community
         WHERE community = :community AND NOT removed) AS communities,
        (SELECT count(*) FROM known_place
         WHERE community = :community AND NOT removed) AS places,
        (SELECT count(*) FROM known_organisation
         WHERE community = :community AND NOT removed) AS organisations,
        (SELECT count(*) FROM known_membership
         WHERE community = :community AND NOT removed) AS memberships
    """
)
_KNOWS_PLACE = text(
    """
    SELECT EXISTS (SELECT FROM known_place
                   WHERE community = :community AND place_id = :id AND NOT removed)
    """
)
_KNOWS_ORGANISATION = text(
    """
    SELECT EXISTS (SELECT FROM known_organisation
                   WHERE community = :community AND organisation_id = :id AND NOT removed)
    """
)
_ROLES = text(
    """
    SELECT roles FROM known_membership
    WHERE community = :community AND person_id = :id AND NOT removed
    """
)
_KNOWS_MEMBER = text(
    """
    SELECT EXISTS (SELECT FROM known_membership
                   WHERE community = :community AND person_id = :id AND NOT removed)
    """
)


async def known(tx: Transaction, community: str) -> Known:
    """How much of `community` has arrived here."""
    return Known(**(await tx.execute(_KNOWN, {"community": community})).one())


async def knows_place(tx: Transaction, community: str, place_id: UUID) -> bool:
    """Whether `place_id` is a place of `community`, down to the building."""
    return await _asked(tx, _KNOWS_PLACE, community, place_id)


async def knows_organisation(tx: Transaction, community: str, organisation_id: UUID) -> bool:
    """Whether `organisation_id` is an organisation of `community`."""
    return await _asked(tx, _KNOWS_ORGANISATION, community, organisation_id)


async def knows_member(tx: Transaction, community: str, person_id: UUID) -> bool:
    """Whether `person_id` belongs to `community`."""
    return await _asked(tx, _KNOWS_MEMBER, community, person_id)


async def roles_of(tx: Transaction, community: str, person_id: UUID) -> frozenset[str]:
    """What a person is in `community`; nothing when they do not belong to it."""
    rows = await tx.execute(_ROLES, {"community": community, "id": person_id})
    return frozenset(rows.scalar_one_or_none() or ())


async def _asked(tx: Transaction, question: TextClause, community: str, one: UUID) -> bool:
    return bool((await tx.execute(question, {"community": community, "id": one})).scalar_one())
