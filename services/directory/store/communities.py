"""Communities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.directory.domain import Community
from services.directory.store import rows
from services.directory.store.tables import community as table
from shared.database import Transaction

__all__ = [
    "CommunitySearch",
    "communities",
    "community_exists",
    "load_community",
    "save_communities",
]

_COLUMNS: Final = rows.columns_of(Community, table)
_SAVE: Final = rows.saving(Community, table)
_EXISTS = text("SELECT EXISTS (SELECT FROM community WHERE community = :community)")
_LOAD = text(
    f"SELECT {_COLUMNS} FROM community "  # noqa: S608 - column names
    "WHERE community = :community AND NOT removed FOR UPDATE"
)
_LIST = text(
    f"""
    SELECT {_COLUMNS} FROM community
    WHERE NOT removed AND (:every OR community = ANY(:communities))
      AND (CAST(:after AS uuid) IS NULL OR root_id < :after)
    ORDER BY root_id DESC LIMIT :limit + 1
    """  # noqa: S608 - column names
)


@dataclass(frozen=True, slots=True)
class CommunitySearch:
    """Which communities are wanted; `communities` None: every one of the platform."""

    communities: Sequence[str] | None
    after: UUID | None = None
    limit: int = 50


async def community_exists(tx: Transaction, community: str) -> bool:
    """Whether the slug is taken; the transaction must see it."""
    return bool((await tx.execute(_EXISTS, {"community": community})).scalar_one())


async def load_community(
    tx: Transaction, community: str, *, expected: int | None = None
) -> Community:
    """A community, locked until the transaction ends: imports come one after the other.

    Raises NotFound, StaleVersion.
    """
    return Community(**await rows.one(tx, _LOAD, expected=expected, community=community))


async def communities(tx: Transaction, wanted: CommunitySearch) -> list[Community]:
    """Communities, newest first; one more than `limit` when there are more."""
    found = await tx.execute(
        _LIST,
        {
            "every": wanted.communities is None,
            "communities": list(wanted.communities or ()),
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [Community(**row) for row in found]


async def save_communities(tx: Transaction, communities: Sequence[Community]) -> None:
    """Store new communities and next versions. Raises WrongState."""
    await rows.save(tx, _SAVE, communities)
