"""Places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.directory.domain import Place
from services.directory.store import rows
from services.directory.store.tables import place as table
from shared.database import Transaction
from shared.events.directory import PLACE_KINDS, PlaceKind

__all__ = [
    "PlaceSearch",
    "every_place",
    "is_used",
    "load_place",
    "places",
    "places_by_code",
    "read_place",
    "save_places",
]

_COLUMNS: Final = rows.columns_of(Place, table)
_SAVE: Final = rows.saving(Place, table)
_READ: Final = (
    f"SELECT {_COLUMNS} FROM place "  # noqa: S608 - column names
    "WHERE community = :community AND id = :id AND NOT removed"
)
_LOAD = text(f"{_READ} FOR UPDATE")
_HOLD = text(f"{_READ} FOR SHARE")
_LOOK = text(_READ)
_BY_CODE = text(
    f"SELECT {_COLUMNS} FROM place "  # noqa: S608 - column names
    "WHERE community = :community AND NOT removed AND code = ANY(CAST(:codes AS text[]))"
)
_HOLD_BY_CODE = text(
    # not FOR SHARE: two imports of one file would each wait for the other to change a place
    f"{_BY_CODE.text} ORDER BY id FOR NO KEY UPDATE"
)
_IS_USED = text(
    """
    SELECT EXISTS (SELECT FROM place
                   WHERE community = :community AND parent_id = :id AND NOT removed)
        OR EXISTS (SELECT FROM membership
                   WHERE community = :community AND place_id = :id AND NOT removed)
    """
)
_SEARCH = text(
    f"""
    SELECT {_COLUMNS} FROM place
    WHERE community = :community AND NOT removed
      AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:parent_id AS uuid) IS NULL OR parent_id = :parent_id)
      AND (CAST(:words AS text) IS NULL
           OR position(lower(:words) IN lower(title)) > 0 OR starts_with(code, :words))
      AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit + 1
    """  # noqa: S608 - column names
)
_EVERY = text(
    f"""
    SELECT {_COLUMNS} FROM place
    WHERE community = :community AND NOT removed
    ORDER BY array_position(CAST(:kinds AS text[]), kind), code
    """  # noqa: S608 - column names
)


@dataclass(frozen=True, slots=True)
class PlaceSearch:
    """Which places of a community are wanted."""

    community: str
    kind: PlaceKind | None = None
    parent_id: UUID | None = None
    words: str | None = None
    after: UUID | None = None
    limit: int = 50


async def load_place(
    tx: Transaction, community: str, place_id: UUID, *, expected: int | None = None
) -> Place:
    """A place to change, locked until the transaction ends. Raises NotFound, StaleVersion."""
    row = await rows.one(tx, _LOAD, expected=expected, community=community, id=place_id)
    return Place(**row)


async def read_place(
    tx: Transaction, community: str, place_id: UUID, *, hold: bool = False
) -> Place:
    """A place; `hold`: it cannot be removed before the transaction ends. Raises NotFound."""
    row = await rows.one(tx, _HOLD if hold else _LOOK, community=community, id=place_id)
    return Place(**row)


async def places_by_code(
    tx: Transaction, community: str, codes: Sequence[str], *, hold: bool = False
) -> dict[str, Place]:
    """The places of a community that have one of `codes`.

    `hold`: nobody else changes or removes them before the transaction ends.
    """
    found = await tx.execute(
        _HOLD_BY_CODE if hold else _BY_CODE, {"community": community, "codes": list(codes)}
    )
    return {row["code"]: Place(**row) for row in found}


async def is_used(tx: Transaction, community: str, place_id: UUID) -> bool:
    """Whether a place holds other places, or people."""
    found = await tx.execute(_IS_USED, {"community": community, "id": place_id})
    return bool(found.scalar_one())


async def places(tx: Transaction, wanted: PlaceSearch) -> list[Place]:
    """Places, newest first; one more than `limit` when there are more."""
    found = await tx.execute(
        _SEARCH,
        {
            "community": wanted.community,
            "kind": wanted.kind,
            "parent_id": wanted.parent_id,
            "words": wanted.words,
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [Place(**row) for row in found]


async def every_place(tx: Transaction, community: str) -> list[Place]:
    """All places of a community, those that hold others before what they hold."""
    found = await tx.execute(_EVERY, {"community": community, "kinds": list(PLACE_KINDS)})
    return [Place(**row) for row in found]


async def save_places(tx: Transaction, places: Sequence[Place]) -> None:
    """Store new places and next versions, parents and children alike. Raises WrongState."""
    await rows.save(tx, _SAVE, places)
