"""A task from its opening to its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.volunteers import domain, store
from services.volunteers.domain import (
    Actor,
    Report,
    RequestStep,
    Task,
)
from services.volunteers.store import Key
from shared import clock, ids, photos
from shared.database import Transaction
from shared.events import Event
from shared.events.volunteers import TaskEvent
from shared.outbox import emit
from shared.problems import UnknownId

__all__ = [
    "Change",
    "check_in",
    "claim",
    "complete",
    "decline",
    "enough",
    "follow_requests",
    "key_of",
]


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes which task, for which organisation, and the version they have seen."""

    community: str
    task_id: UUID
    actor: Actor
    organisation_id: UUID | None = None
    expected: int | None = None


async def claim(tx: Transaction, change: Change, *, sent: UUID | None = None) -> Task:
    """Take a place in a task; of any number of callers exactly as many win as are wanted.

    `sent`: who goes for the organisation. Raises UnknownId for somebody who is not of it.
    """
    organisation_id = change.organisation_id
    is_known = not (sent and organisation_id) or await store.acts_for(
        tx, change.community, sent, organisation_id
    )
    if not is_known:
        raise UnknownId("person_id")
    task = await _load(tx, change)
    decided = domain.claim(
        task, change.actor, organisation_id=organisation_id, sent=sent, now=clock.now()
    )
    return await _keep(tx, *decided)


async def decline(tx: Transaction, change: Change, *, reason: str) -> Task:
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


async def check_in(tx: Transaction, change: Change) -> Task:
    """Begin the work at the place."""
    task = await _load(tx, change)
    decided = domain.check_in(
        task, change.actor, organisation_id=change.organisation_id, now=clock.now()
    )
    return await _keep(tx, *decided)


async def complete(tx: Transaction, change: Change, report: Report) -> Task:
    """Finish one's part and write its hours down."""
    task = await _load(tx, change)
    if task.evidence_needed == "photo":
        report = replace(report, photos=await photos.count(tx, task.community, task.id))
    completed, event = domain.complete(
        task, change.actor, report, organisation_id=change.organisation_id, now=clock.now()
    )
    await _keep(tx, completed, event)
    for done in completed.changed:
        await store.record(tx, ids.new_id(), completed, done)
    return completed


async def enough(tx: Transaction, change: Change) -> Task:
    """Be content with the takers who stand."""
    task = await _load(tx, change)
    return await _keep(tx, *domain.enough(task, now=clock.now()))


async def follow_requests(tx: Transaction, steps: Sequence[RequestStep]) -> None:
    """Make, offer, void, give back and close tasks with their requests; late steps change nothing.

    Raises NotYet when a task that must exist has not been made here.
    """
    tasks = await store.load_cycles(tx, {key_of(one) for one in steps})
    followed: dict[Key, Task] = {}
    events: list[Event] = []
    for one in sorted(steps, key=lambda one: (key_of(one), one.version)):
        now = clock.now()
        present = followed.get(key_of(one), tasks.get(key_of(one)))
        moved = domain.follow_request(present, one, task_id=ids.new_id(), now=now)
        if moved is None:
            continue
        followed[key_of(one)], event = moved
        if event is not None:
            events.append(event.model_copy(update={"caused_by": one.event_id}))
    await store.save(tx, list(followed.values()))
    await emit(tx, *events)


async def _load(tx: Transaction, change: Change) -> Task:
    return await store.load(tx, change.community, change.task_id, expected=change.expected)


async def _keep(tx: Transaction, task: Task, event: Event | None) -> Task:
    """Store a decided step and tell of it."""
    await store.save(tx, [task])
    if event is not None:
        await emit(tx, event)
    return task


def key_of(one: TaskEvent | RequestStep) -> Key:
    """The cycle of a request that a step belongs to; it has one task."""
    return one.community, one.request_id, one.cycle
