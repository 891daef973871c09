"""The use cases of the volunteers service: load, decide, save, emit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.volunteers import domain, store
from services.volunteers.domain import (
    Actor,
    AlreadyRegistered,
    Availability,
    Report,
    RequestStep,
    Task,
    Team,
    Volunteer,
)
from services.volunteers.store import Key
from shared import clock, ids, neighbourhood
from shared.events import Event
from shared.outbox import emit
from shared.problems import NotFound, UnknownId

__all__ = [
    "Change",
    "Grouping",
    "Offering",
    "change_members",
    "change_volunteer",
    "check_in",
    "claim",
    "complete",
    "decline",
    "enough",
    "follow_requests",
    "form_team",
    "register",
    "register_many",
    "require_somebody",
]


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes which task, for which organisation, and the version they have seen."""

    community: str
    task_id: UUID
    actor: Actor
    organisation_id: UUID | None = None
    expected: int | None = None


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


async def claim(tx: AsyncConnection, change: Change) -> Task:
    """Take a place in a task; of any number of callers exactly as many win as are wanted."""
    task = await _load(tx, change)
    decided = domain.claim(
        task, change.actor, organisation_id=change.organisation_id, now=clock.now()
    )
    return await _keep(tx, *decided)


async def decline(tx: AsyncConnection, change: Change, *, reason: str) -> Task:
    """Give a place back, or turn an offer down."""
    task = await _load(tx, change)
    decided = domain.decline(
        task,
        change.actor,
        organisation_id=change.organisation_id,
        reason=reason,
        now=clock.now(),
    )
    return await _keep(tx, *decided)


async def check_in(tx: AsyncConnection, change: Change) -> Task:
    """Begin the work at the place."""
    task = await _load(tx, change)
    decided = domain.check_in(
        task, change.actor, organisation_id=change.organisation_id, now=clock.now()
    )
    return await _keep(tx, *decided)


async def complete(tx: AsyncConnection, change: Change, report: Report) -> Task:
    """Finish one's part and write its hours down."""
    task = await _load(tx, change)
    completed, event = domain.complete(
        task, change.actor, report, organisation_id=change.organisation_id, now=clock.now()
    )
    await _keep(tx, completed, event)
    for done in completed.changed:
        await store.record(tx, ids.new_id(), completed, done)
    return completed


async def enough(tx: AsyncConnection, change: Change) -> Task:
    """Be content with the takers who stand."""
    task = await _load(tx, change)
    return await _keep(tx, *domain.enough(task, now=clock.now()))


async def follow_requests(tx: AsyncConnection, steps: Sequence[RequestStep]) -> None:
    """Make, offer, void, give back and close tasks with their requests; late steps change nothing.

    Raises NotYet when a task that must exist has not been made here.
    """
    tasks = await store.load_cycles(tx, {_key(one) for one in steps})
    followed: dict[Key, Task] = {}
    events: list[Event] = []
    for one in sorted(steps, key=lambda one: (_key(one), one.version)):
        now = clock.now()
        present = followed.get(_key(one), tasks.get(_key(one)))
        moved = domain.follow_request(present, one, task_id=ids.new_id(), now=now)
        if moved is None:
            continue
        followed[_key(one)], event = moved
        if event is not None:
            events.append(event.model_copy(update={"caused_by": one.event_id}))
    await store.save(tx, list(followed.values()))
    await emit(tx, *events)


async def register(
    tx: AsyncConnection,
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
    tx: AsyncConnection,
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
    tx: AsyncConnection,
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


async def form_team(tx: AsyncConnection, community: str, grouping: Grouping) -> Team:
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
    tx: AsyncConnection,
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


async def require_somebody(tx: AsyncConnection, community: str, person_id: UUID) -> None:
    """Refuse an id that is no member of the community. Raises NotFound."""
    if not await neighbourhood.knows_member(tx, community, person_id):
        raise NotFound


async def _require_members(
    tx: AsyncConnection, community: str, person_ids: Iterable[UUID], field: str
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


async def _load(tx: AsyncConnection, change: Change) -> Task:
    return await store.load(tx, change.community, change.task_id, expected=change.expected)


async def _keep(tx: AsyncConnection, task: Task, event: Event | None) -> Task:
    """Store a decided step and tell of it."""
    await store.save(tx, [task])
    if event is not None:
        await emit(tx, event)
    return task


def _key(one: RequestStep) -> Key:
    return one.community, one.request_id, one.cycle
