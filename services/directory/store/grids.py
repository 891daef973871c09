"""What lies in which grid: the place tree, walked upward and downward."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.directory.domain import Place
from services.directory.store import rows
from services.directory.store.tables import place as table
from shared.database import Transaction
from shared.events.directory import PLACE_KINDS

__all__ = [
    "WITHIN",
    "Household",
    "HouseholdSearch",
    "grid_of_member",
    "grids",
    "grids_of",
    "households",
    "is_within",
    "places_of_grid",
]

_COLUMNS: Final = rows.columns_of(Place, table)

WITHIN: Final = """
WITH RECURSIVE within AS (
    SELECT id FROM place WHERE community = :community AND id = :within AND NOT removed
    UNION ALL
    SELECT place.id FROM within JOIN place
        ON place.community = :community AND place.parent_id = within.id AND NOT place.removed)
"""
"""A place and all that lies in it."""

_ABOVE: Final = """
WITH RECURSIVE above AS (
    SELECT id AS of, id, kind, parent_id FROM place
    WHERE community = :community AND id = ANY(CAST(:ids AS uuid[])) AND NOT removed
    UNION ALL
    SELECT above.of, place.id, place.kind, place.parent_id FROM above JOIN place
        ON place.community = :community AND place.id = above.parent_id
    WHERE above.kind <> 'grid')
"""
"""Places and those they lie in, up to the grid."""

_GRIDS = text(
    f"SELECT {_COLUMNS} FROM place "  # noqa: S608 - column names
    "WHERE community = :community AND kind = 'grid' AND NOT removed ORDER BY code"
)
_GRIDS_OF = text(
    f"{_ABOVE} SELECT of, id FROM above WHERE kind = 'grid'"  # noqa: S608 - as above
)
_GRID_OF_MEMBER = text(
    f"""
    {_ABOVE}
    SELECT {_COLUMNS} FROM place JOIN above USING (id)
    WHERE place.community = :community AND above.kind = 'grid'
    """  # noqa: S608 - column names
)
_HOME = text(
    "SELECT place_id FROM membership "
    "WHERE community = :community AND person_id = :person_id AND NOT removed"
)
_IS_WITHIN = text(
    f"{_ABOVE} SELECT EXISTS (SELECT FROM above WHERE id = :grid_id)"  # noqa: S608 - as above
)
_PLACES = text(
    f"""
    {WITHIN}
    SELECT {_COLUMNS} FROM place JOIN within USING (id)
    WHERE community = :community AND kind = ANY(CAST(:kinds AS text[]))
    ORDER BY array_position(CAST(:kinds AS text[]), kind), code
    """  # noqa: S608 - column names
)
_HOUSEHOLDS = text(
    f"""
    {WITHIN}
    SELECT id, title, code, parent_id,
        (SELECT count(*) FROM membership
         WHERE community = :community AND place_id = place.id AND NOT membership.removed
        ) AS members,
        (SELECT max(visited_at) FROM visit
         WHERE community = :community AND place_id = place.id) AS last_visited_at
    FROM place JOIN within USING (id)
    WHERE community = :community AND kind = 'household'
      AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit + 1
    """  # noqa: S608 - a statement of ours
)


@dataclass(frozen=True, slots=True)
class Household:
    """A household, and how many people are known to live there."""

    id: UUID
    title: str
    code: str
    parent_id: UUID
    members: int
    last_visited_at: datetime | None


@dataclass(frozen=True, slots=True)
class HouseholdSearch:
    """The households of which place are wanted."""

    community: str
    within: UUID
    after: UUID | None = None
    limit: int = 50


async def grids(tx: Transaction, community: str) -> list[Place]:
    """All grids of a community, by code."""
    return [Place(**row) for row in await tx.execute(_GRIDS, {"community": community})]


async def grids_of(tx: Transaction, community: str, places: Sequence[UUID]) -> dict[UUID, UUID]:
    """The grid of each of `places` that lies in one; a grid lies in itself."""
    found = await tx.execute(_GRIDS_OF, {"community": community, "ids": list(places)})
    return {row["of"]: row["id"] for row in found}


async def grid_of_member(tx: Transaction, community: str, person_id: UUID) -> Place | None:
    """The grid in which a member has their place."""
    home = (
        await tx.execute(_HOME, {"community": community, "person_id": person_id})
    ).scalar_one_or_none()
    if home is None:
        return None
    found = await tx.execute(_GRID_OF_MEMBER, {"community": community, "ids": [home]})
    row = found.one_or_none()
    return None if row is None else Place(**row)


async def is_within(tx: Transaction, community: str, place_id: UUID, grid_id: UUID) -> bool:
    """Whether a place is the grid, or lies in it."""
    values = {"community": community, "ids": [place_id], "grid_id": grid_id}
    return bool((await tx.execute(_IS_WITHIN, values)).scalar_one())


async def places_of_grid(tx: Transaction, community: str, grid_id: UUID) -> list[Place]:
    """Micro-grids, compounds and buildings of a grid, by kind and code."""
    kinds = PLACE_KINDS[PLACE_KINDS.index("grid") + 1 : PLACE_KINDS.index("entrance")]
    values = {"community": community, "within": grid_id, "kinds": list(kinds)}
    return [Place(**row) for row in await tx.execute(_PLACES, values)]


async def households(tx: Transaction, wanted: HouseholdSearch) -> list[Household]:
    """Households in the order they were added; one more than `limit` when there are more."""
    found = await tx.execute(
        _HOUSEHOLDS,
        {
            "community": wanted.community,
            "within": wanted.within,
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [Household(**row) for row in found]
