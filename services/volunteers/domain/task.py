"""A task: who takes it, and how far the work is."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from services.volunteers.domain.words import TaskClosed, TaskVoid
from shared.events import Taker, TaskCompleted, Work
from shared.events.requests import EvidenceNeeded
from shared.events.volunteers import TaskEvent


class State(StrEnum):
    """Where a task stands; `open` while a place is free and nobody is at work."""

    OPEN = "open"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CLOSED = "closed"
    VOID = "void"


class Board(StrEnum):
    """What a task can be to somebody who helps."""

    FREE = "free"
    """They may take it: it is listed, a place is free, they neither asked nor hold one."""
    OFFERED = "offered"
    """It waits for their answer, or for that of an organisation of theirs."""
    HELD = "held"
    """They hold a place, or an organisation of theirs does."""


class Standing(StrEnum):
    """Where one taker stands in a task."""

    CLAIMED = "claimed"
    STARTED = "started"
    DECLINED = "declined"
    COMPLETED = "completed"


ENDED: Final = frozenset({State.CLOSED, State.VOID})
AT_WORK: Final = frozenset({Standing.STARTED, Standing.COMPLETED})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and the organisations they may act for."""

    person_id: UUID
    organisation_ids: frozenset[UUID] = frozenset()

    @property
    def taker_ids(self) -> frozenset[UUID]:
        """Every taker that the actor can stand for."""
        return self.organisation_ids | {self.person_id}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something to show: what it is, and where it is kept."""

    kind: Literal["photo", "note", "signature"]
    reference: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One taker of a task. `version` is the task's when this last changed.

    `person_id` acts for it now, `acted` are all who had a hand in it since it was claimed.
    """

    taker: Taker
    person_id: UUID
    version: int
    claimed_at: datetime
    state: Standing = Standing.CLAIMED
    started_at: datetime | None = None
    completed_at: datetime | None = None
    declined_at: datetime | None = None
    service_minutes: int = 0
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    acted: tuple[UUID, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the taker holds a place."""
        return self.state is not Standing.DECLINED


@dataclass(frozen=True, slots=True)
class Task:
    """The task of one cycle of a request.

    `request_version` is the last step of the request that was applied, `stored_version` the version
    that the store holds (0: none). A task that a cancellation made has no place. Only a `listed`
    task is open to all: what was never on the need list may be a private matter.
    """

    id: UUID
    community: str
    request_id: UUID
    cycle: int
    number: str
    category: str
    place_id: UUID | None
    requester_id: UUID
    filed_by: UUID
    request_version: int
    created_at: datetime
    updated_at: datetime
    takers_wanted: int = 1
    evidence_needed: EvidenceNeeded = "none"
    state: State = State.OPEN
    listed: bool = False
    offered_to: Taker | None = None
    version: int = 1
    assignments: tuple[Assignment, ...] = ()
    stored_version: int = 0

    @property
    def owners(self) -> frozenset[UUID]:
        """The people whose request it is."""
        return frozenset({self.requester_id, self.filed_by})

    @property
    def standing(self) -> tuple[Assignment, ...]:
        """The assignments that hold a place, first come first."""
        return tuple(one for one in self.assignments if one.stands)

    @property
    def places_free(self) -> int:
        """How many more takers are wanted: as long as it is offered, the one it is offered to."""
        wanted = self.takers_wanted if self.offered_to is None else 1
        return max(0, wanted - len(self.standing))

    @property
    def under_way(self) -> bool:
        """Whether somebody who stands has checked in."""
        return any(one.state in AT_WORK for one in self.standing)

    @property
    def changed(self) -> tuple[Assignment, ...]:
        """The assignments that are newer than what the store holds."""
        return tuple(one for one in self.assignments if one.version > self.stored_version)


def require_living(task: Task) -> None:
    """Nothing moves after the end. Raises TaskVoid, TaskClosed."""
    if task.state is State.VOID:
        raise TaskVoid
    if task.state is State.CLOSED:
        raise TaskClosed


def step(task: Task, now: datetime, **changes: Any) -> Task:
    """The next version of a task, in the state that its takers make."""
    moved = replace(task, version=task.version + 1, updated_at=now, **changes)
    return moved if "state" in changes else replace(moved, state=_state(moved))


def take(
    taker: Taker, person_id: UUID, *, version: int, now: datetime, sent_by: UUID | None = None
) -> Assignment:
    """A place that somebody holds from now on; who sent them had a hand in it, too."""
    acted = (sent_by, person_id) if sent_by and sent_by != person_id else (person_id,)
    return Assignment(taker, person_id, version, now, acted=acted)


def handle(one: Assignment, person_id: UUID, *, version: int, **changes: Any) -> Assignment:
    """The assignment after `person_id` had a hand in it."""
    acted = one.acted if person_id in one.acted else (*one.acted, person_id)
    return replace(one, person_id=person_id, version=version, acted=acted, **changes)


def with_assignment(task: Task, changed: Assignment) -> tuple[Assignment, ...]:
    """The assignments with one put in or replaced, first come first."""
    others = tuple(one for one in task.assignments if one.taker != changed.taker)
    return tuple(sorted((*others, changed), key=lambda one: (one.claimed_at, one.taker.id)))


def tell[E: TaskEvent](event: type[E], task: Task, **more: Any) -> E:
    """The event that tells where `task` stands now."""
    return event(
        community=task.community,
        occurred_at=task.updated_at,
        version=task.version,
        task_id=task.id,
        request_id=task.request_id,
        cycle=task.cycle,
        work=tuple(_work(one) for one in task.standing),
        under_way=task.under_way,
        **more,
    )


def tell_completed(before: Task, after: Task) -> TaskCompleted | None:
    """That every taker has finished, when this step made it so."""
    if after.state is not State.COMPLETED or before.state is State.COMPLETED:
        return None
    return tell(TaskCompleted, after)


def _work(one: Assignment) -> Work:
    return Work(
        taker=one.taker,
        person_id=one.person_id,
        service_minutes=one.service_minutes,
        acted=one.acted,
    )


def _state(task: Task) -> State:
    standings = {one.state for one in task.standing}
    if standings == {Standing.COMPLETED} and not task.places_free:
        return State.COMPLETED
    if task.under_way:
        return State.IN_PROGRESS
    return State.OPEN if task.places_free else State.CLAIMED
