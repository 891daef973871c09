"""Volunteers, and which ids are members at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.volunteers.domain import Availability, Volunteer
from services.volunteers.store.rows import as_json
from shared.database import Row, Transaction
from shared.permissions import TAKERS
from shared.problems import NotFound, StaleVersion, WrongState

__all__ = [
    "VolunteerSearch",
    "acts_for",
    "add_volunteers",
    "load_volunteer",
    "read_volunteer",
    "save_volunteer",
    "search_volunteers",
    "takers_among",
    "unknown_members",
]

_COLUMNS: Final = tuple(field.name for field in fields(Volunteer))


@dataclass(frozen=True, slots=True)
class VolunteerSearch:
    """Which volunteers of a community are wanted."""

    community: str
    skill: str | None = None
    state: Availability | None = None
    may_take: bool | None = None
    """Whether one of their roles lets them take tasks."""
    after: UUID | None = None
    limit: int = 50


_ADD = text(
    f"""
    INSERT INTO volunteer ({", ".join(_COLUMNS)})
    SELECT {", ".join(_COLUMNS)} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row (
        community text, person_id uuid, skills text[], note text, registered_by uuid, state text,
        version int, created_at timestamptz, updated_at timestamptz)
    ORDER BY community, person_id
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - made of field names
)
_SAVE = text(
    """
    UPDATE volunteer SET skills = :skills, note = :note, state = :state, version = :version,
        updated_at = :updated_at
    WHERE community = :community AND person_id = :person_id AND version = :version - 1
    """
)
_READ = "SELECT * FROM volunteer WHERE community = :community AND person_id = :person_id"
_READ_ONE = text(_READ)
_LOAD = text(f"{_READ} FOR UPDATE")
_SEARCH = text(
    """
    SELECT volunteer.* FROM volunteer JOIN known_membership AS member USING (community, person_id)
    WHERE community = :community AND NOT member.removed
      AND (CAST(:skill AS text) IS NULL OR :skill = ANY(skills))
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:may_take AS boolean) IS NULL
           OR :may_take = (member.roles && CAST(:takers AS text[])))
      AND (CAST(:after AS uuid) IS NULL OR person_id < :after)
    ORDER BY person_id DESC LIMIT :limit + 1
    """
)
_TAKERS = text(
    """
    SELECT person_id FROM known_membership
    WHERE community = :community AND person_id = ANY(CAST(:person_ids AS uuid[]))
      AND NOT removed AND roles && CAST(:takers AS text[])
    """
)
_UNKNOWN = text(
    """
    SELECT person_id FROM unnest(CAST(:person_ids AS uuid[])) AS wanted (person_id)
    WHERE NOT EXISTS (
        SELECT FROM known_membership AS member
        WHERE member.community = :community AND member.person_id = wanted.person_id
          AND NOT member.removed)
    """
)
_ACTS_FOR = text(
    """
    SELECT EXISTS (
        SELECT FROM known_membership
        WHERE community = :community AND person_id = :person_id AND NOT removed
          AND :organisation_id = ANY(organisation_ids))
    """
)


async def acts_for(tx: Transaction, community: str, person_id: UUID, organisation_id: UUID) -> bool:
    """Whether a person is a member who may act for an organisation."""
    values = {"community": community, "person_id": person_id, "organisation_id": organisation_id}
    return bool((await tx.execute(_ACTS_FOR, values)).scalar_one())


async def unknown_members(tx: Transaction, community: str, person_ids: Iterable[UUID]) -> set[UUID]:
    """Those of `person_ids` who do not belong to the community, in one question."""
    rows = await tx.execute(_UNKNOWN, {"community": community, "person_ids": list(person_ids)})
    return set(rows.scalars())


async def takers_among(tx: Transaction, community: str, person_ids: Iterable[UUID]) -> set[UUID]:
    """Those of `person_ids` who have a role that lets them take tasks."""
    values = {"person_ids": list(person_ids), "takers": sorted(TAKERS)}
    return set((await tx.execute(_TAKERS, values | {"community": community})).scalars())


async def add_volunteers(tx: Transaction, volunteers: Sequence[Volunteer]) -> int:
    """Add those who are not volunteers yet; how many they were."""
    rows = [{name: getattr(one, name) for name in _COLUMNS} for one in volunteers]
    return await tx.change(_ADD, {"rows": as_json(rows)})


async def load_volunteer(
    tx: Transaction, community: str, person_id: UUID, *, expected: int | None
) -> Volunteer:
    """A volunteer to change, locked. Raises NotFound, StaleVersion."""
    rows = await tx.execute(_LOAD, {"community": community, "person_id": person_id})
    volunteer = _found(rows.one_or_none())
    if expected not in {None, volunteer.version}:
        raise StaleVersion
    return volunteer


async def read_volunteer(tx: Transaction, community: str, person_id: UUID) -> Volunteer:
    """A volunteer. Raises NotFound."""
    rows = await tx.execute(_READ_ONE, {"community": community, "person_id": person_id})
    return _found(rows.one_or_none())


async def save_volunteer(tx: Transaction, volunteer: Volunteer) -> None:
    """Store the next version. Raises WrongState when another came first."""
    if await tx.change(_SAVE, _values(volunteer)) != 1:
        raise WrongState


async def search_volunteers(tx: Transaction, wanted: VolunteerSearch) -> list[Volunteer]:
    """Members who volunteer, by descending person id; one more than `limit` when there are more."""
    rows = await tx.execute(
        _SEARCH,
        {
            "community": wanted.community,
            "skill": wanted.skill,
            "state": wanted.state,
            "may_take": wanted.may_take,
            "takers": sorted(TAKERS),
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [_found(row) for row in rows]


def _values(volunteer: Volunteer) -> dict[str, Any]:
    return {
        "community": volunteer.community,
        "person_id": volunteer.person_id,
        "skills": list(volunteer.skills),
        "note": volunteer.note,
        "state": volunteer.state,
        "version": volunteer.version,
        "updated_at": volunteer.updated_at,
    }


def _found(row: Row | None) -> Volunteer:
    if row is None:
        raise NotFound
    values: dict[str, Any] = dict(row)
    values["state"] = Availability(values["state"])
    values["skills"] = tuple(values["skills"])
    return Volunteer(**values)
