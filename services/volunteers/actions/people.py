"""Volunteers and teams."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.volunteers import domain, store
from services.volunteers.domain import (
    AlreadyRegistered,
    Availability,
    Team,
    Volunteer,
)
from shared import clock, ids, neighbourhood
from shared.database import Transaction
from shared.problems import NotFound, UnknownId

__all__ = [
    "Grouping",
    "Offering",
    "change_members",
    "change_volunteer",
    "form_team",
    "register",
    "register_many",
    "require_somebody",
]


@dataclass(frozen=True, slots=True)
class Offering:
    """What a volunteer says of themselves."""

    skills: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What a new team is."""

    title: str
    kind: str
    skills: tuple[str, ...]
    leader_id: UUID
    member_ids: tuple[UUID, ...]


async def register(
    tx: Transaction,
    community: str,
    person_id: UUID,
    offering: Offering,
    *,
    by: UUID,
    is_staff: bool,
) -> Volunteer:
    """Register oneself, or another member, as a volunteer. Raises UnknownId, AlreadyRegistered."""
    volunteer = _volunteer(community, person_id, offering, by=by, is_staff=is_staff)
    if person_id != by:
        await _require_members(tx, community, [person_id], "person_id")
    if not await store.add_volunteers(tx, [volunteer]):
        raise AlreadyRegistered
    return volunteer


async def register_many(
    tx: Transaction,
    community: str,
    person_ids: Iterable[UUID],
    offering: Offering,
    *,
    by: UUID,
) -> int:
    """Register all who are not volunteers yet; how many they were. Raises UnknownId."""
    wanted = domain.ordered(person_ids)
    await _require_members(tx, community, wanted, "person_ids")
    volunteers = [_volunteer(community, one, offering, by=by, is_staff=True) for one in wanted]
    return await store.add_volunteers(tx, volunteers)


async def change_volunteer(
    tx: Transaction,
    community: str,
    person_id: UUID,
    offering: Offering,
    *,
    state: Availability,
    expected: int | None,
) -> Volunteer:
    """Say what one can do now, or take a break."""
    volunteer = await store.load_volunteer(tx, community, person_id, expected=expected)
    changed = domain.change_volunteer(
        volunteer, skills=offering.skills, note=offering.note, state=state, now=clock.now()
    )
    await store.save_volunteer(tx, changed)
    return changed


async def form_team(tx: Transaction, community: str, grouping: Grouping) -> Team:
    """Form a team of members. Raises UnknownId."""
    members = domain.ordered((grouping.leader_id, *grouping.member_ids))
    await _require_members(tx, community, members, "member_ids")
    now = clock.now()
    team = Team(
        id=ids.new_id(),
        community=community,
        title=grouping.title,
        kind=grouping.kind,
        skills=domain.ordered(grouping.skills),
        leader_id=grouping.leader_id,
        member_ids=members,
        created_at=now,
        updated_at=now,
    )
    await store.save_team(tx, team)
    return team


async def change_members(
    tx: Transaction,
    community: str,
    team_id: UUID,
    *,
    leader_id: UUID,
    member_ids: Iterable[UUID],
    expected: int | None,
) -> Team:
    """Give a team its members. Raises UnknownId."""
    team = await store.load_team(tx, community, team_id, expected=expected)
    changed = domain.change_members(
        team, leader_id=leader_id, member_ids=member_ids, now=clock.now()
    )
    await _require_members(tx, community, changed.member_ids, "member_ids")
    await store.save_team(tx, changed)
    return changed


async def require_somebody(tx: Transaction, community: str, person_id: UUID) -> None:
    """Refuse an id that is no member of the community. Raises NotFound."""
    if not await neighbourhood.knows_member(tx, community, person_id):
        raise NotFound


async def _require_members(
    tx: Transaction, community: str, person_ids: Iterable[UUID], field: str
) -> None:
    if await store.unknown_members(tx, community, person_ids):
        raise UnknownId(field)


def _volunteer(
    community: str, person_id: UUID, offering: Offering, *, by: UUID, is_staff: bool
) -> Volunteer:
    return domain.register(
        community,
        person_id,
        skills=offering.skills,
        note=offering.note,
        by=by,
        is_staff=is_staff,
        now=clock.now(),
    )
