"""Visits, and the record of phones that were shown: rows that are inserted and never changed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from services.directory.domain import Visit
from services.directory.store.grids import WITHIN
from shared.database import Transaction

__all__ = [
    "Reveal",
    "RevealSearch",
    "VisitSearch",
    "keep_reveal",
    "keep_visit",
    "reveals",
    "visits",
]

_KEEP_VISIT = text(
    """
    INSERT INTO visit (community, id, place_id, kind, visited_at, note, wants_follow_up, visited_by)
    VALUES (:community, :id, :place_id, :kind, :visited_at, :note, :wants_follow_up, :visited_by)
    """
)
_VISITS = text(
    f"""
    {WITHIN}
    SELECT visit.* FROM visit
    WHERE community = :community
      AND (CAST(:within AS uuid) IS NULL OR place_id IN (SELECT id FROM within))
      AND (CAST(:wants_follow_up AS boolean) IS NULL OR wants_follow_up = :wants_follow_up)
      AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit + 1
    """  # noqa: S608 - a statement of ours
)
_KEEP_REVEAL = text(
    """
    INSERT INTO phone_reveal (community, id, person_id, revealed_to, reason, at)
    VALUES (:community, :id, :person_id, :revealed_to, :reason, :at)
    """
)
_REVEALS = text(
    """
    SELECT * FROM phone_reveal
    WHERE community = :community
      AND (CAST(:person_id AS uuid) IS NULL OR person_id = :person_id)
      AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit + 1
    """
)


@dataclass(frozen=True, slots=True)
class VisitSearch:
    """Which visits of a community are wanted: those to `within` and whatever lies in it."""

    community: str
    within: UUID | None = None
    wants_follow_up: bool | None = None
    after: UUID | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Reveal:
    """Whose phone was shown to whom, and what for."""

    community: str
    id: UUID
    person_id: UUID
    revealed_to: UUID
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RevealSearch:
    """Which of a community's reveals are wanted."""

    community: str
    person_id: UUID | None = None
    after: UUID | None = None
    limit: int = 50


async def keep_visit(tx: Transaction, visit: Visit) -> None:
    """Store a new visit."""
    await tx.change(_KEEP_VISIT, asdict(visit))


async def visits(tx: Transaction, wanted: VisitSearch) -> list[Visit]:
    """Visits, last logged first; one more than `limit` when there are more."""
    return [Visit(**row) for row in await tx.execute(_VISITS, asdict(wanted))]


async def keep_reveal(tx: Transaction, reveal: Reveal) -> None:
    """Note that a phone is shown."""
    await tx.change(_KEEP_REVEAL, asdict(reveal))


async def reveals(tx: Transaction, wanted: RevealSearch) -> list[Reveal]:
    """Phones that were shown, the last first; one more than `limit` when there are more."""
    return [Reveal(**row) for row in await tx.execute(_REVEALS, asdict(wanted))]
