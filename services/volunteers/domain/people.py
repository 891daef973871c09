"""Volunteers and the teams they form."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.problems import NotAllowed


class Availability(StrEnum):
    """Whether a volunteer can be asked at present."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A member who volunteers, and what they can do."""

    community: str
    person_id: UUID
    skills: tuple[str, ...]
    note: str
    registered_by: UUID
    created_at: datetime
    updated_at: datetime
    state: Availability = Availability.ACTIVE
    version: int = 1


@dataclass(frozen=True, slots=True)
class Team:
    """A group of members with a leader, who is one of them."""

    id: UUID
    community: str
    title: str
    kind: str
    skills: tuple[str, ...]
    leader_id: UUID
    member_ids: tuple[UUID, ...]
    created_at: datetime
    updated_at: datetime
    version: int = 1


def register(
    community: str,
    person_id: UUID,
    *,
    skills: Iterable[str],
    note: str,
    by: UUID,
    is_staff: bool,
    now: datetime,
) -> Volunteer:
    """A member volunteers; only staff register somebody else."""
    if person_id != by and not is_staff:
        raise NotAllowed
    return Volunteer(
        community=community,
        person_id=person_id,
        skills=ordered(skills),
        note=note,
        registered_by=by,
        created_at=now,
        updated_at=now,
    )


def change_volunteer(
    volunteer: Volunteer,
    *,
    skills: Iterable[str],
    note: str,
    state: Availability,
    now: datetime,
) -> Volunteer:
    """A volunteer says what they can do now, or takes a break."""
    return replace(
        volunteer,
        skills=ordered(skills),
        note=note,
        state=state,
        version=volunteer.version + 1,
        updated_at=now,
    )


def change_members(
    team: Team, *, leader_id: UUID, member_ids: Iterable[UUID], now: datetime
) -> Team:
    """A team has these members from now on."""
    return replace(
        team,
        leader_id=leader_id,
        member_ids=ordered((leader_id, *member_ids)),
        version=team.version + 1,
        updated_at=now,
    )


def ordered[T: (str, UUID)](several: Iterable[T]) -> tuple[T, ...]:
    """Each once, in an order that does not depend on how they were sent."""
    return tuple(sorted(set(several)))
