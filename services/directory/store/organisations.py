"""Organisations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.directory.domain import Organisation
from services.directory.store import rows
from services.directory.store.tables import organisation as table
from shared.database import Transaction

__all__ = [
    "OrganisationSearch",
    "knows_organisations",
    "load_organisation",
    "organisations",
    "organisations_by_code",
    "read_organisation",
    "save_organisations",
]

_COLUMNS: Final = rows.columns_of(Organisation, table)
_SAVE: Final = rows.saving(Organisation, table)
_READ: Final = (
    f"SELECT {_COLUMNS} FROM organisation "  # noqa: S608 - column names
    "WHERE community = :community AND id = :id AND NOT removed"
)
_LOAD = text(f"{_READ} FOR UPDATE")
_LOOK = text(_READ)
_BY_CODE = text(
    "SELECT code, id FROM organisation "
    "WHERE community = :community AND NOT removed AND code = ANY(CAST(:codes AS text[]))"
)
_KNOWN = text(
    "SELECT count(*) FROM organisation "
    "WHERE community = :community AND NOT removed AND id = ANY(CAST(:ids AS uuid[]))"
)
_SEARCH = text(
    f"""
    SELECT {_COLUMNS} FROM organisation
    WHERE community = :community AND NOT removed
      AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:words AS text) IS NULL
           OR position(lower(:words) IN lower(title)) > 0 OR starts_with(code, :words))
      AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit + 1
    """  # noqa: S608 - column names
)


@dataclass(frozen=True, slots=True)
class OrganisationSearch:
    """Which organisations of a community are wanted."""

    community: str
    kind: str | None = None
    words: str | None = None
    after: UUID | None = None
    limit: int = 50


async def load_organisation(
    tx: Transaction, community: str, organisation_id: UUID, *, expected: int | None = None
) -> Organisation:
    """An organisation to change, locked. Raises NotFound, StaleVersion."""
    row = await rows.one(tx, _LOAD, expected=expected, community=community, id=organisation_id)
    return Organisation(**row)


async def read_organisation(tx: Transaction, community: str, organisation_id: UUID) -> Organisation:
    """An organisation. Raises NotFound."""
    return Organisation(**await rows.one(tx, _LOOK, community=community, id=organisation_id))


async def organisations_by_code(
    tx: Transaction, community: str, codes: Sequence[str]
) -> dict[str, UUID]:
    """The ids of a community's organisations that have one of `codes`."""
    found = await tx.execute(_BY_CODE, {"community": community, "codes": list(codes)})
    return {row["code"]: row["id"] for row in found}


async def knows_organisations(tx: Transaction, community: str, ids: Sequence[UUID]) -> bool:
    """Whether all of `ids`, each given once, are organisations of the community."""
    found = await tx.execute(_KNOWN, {"community": community, "ids": list(ids)})
    return found.scalar_one() == len(ids)


async def organisations(tx: Transaction, wanted: OrganisationSearch) -> list[Organisation]:
    """Organisations, newest first; one more than `limit` when there are more."""
    found = await tx.execute(
        _SEARCH,
        {
            "community": wanted.community,
            "kind": wanted.kind,
            "words": wanted.words,
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [Organisation(**row) for row in found]


async def save_organisations(tx: Transaction, organisations: Sequence[Organisation]) -> None:
    """Store new organisations and next versions. Raises WrongState."""
    await rows.save(tx, _SAVE, organisations)
