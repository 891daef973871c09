"""How a task follows its request, in whatever order the steps of the request arrive."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.volunteers.domain.task import (
    ENDED,
    Standing,
    State,
    Task,
    step,
    take,
    tell_completed,
)
from shared.events import (
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestReopened,
    RequestReworked,
    TaskCompleted,
    Work,
)
from shared.problems import NotYet

type RequestStep = (
    RequestListed
    | RequestDispatched
    | RequestCancelled
    | RequestReworked
    | RequestReopened
    | RequestClosed
)


def follow_request(
    task: Task | None, event: RequestStep, *, task_id: UUID, now: datetime
) -> tuple[Task, TaskCompleted | None] | None:
    """Move with the request, or not at all (None) when the step no longer counts.

    An older step than the last one applied changes nothing, and nothing moves an ended task: so a
    cancellation that comes before its listing leaves a void task that the listing cannot open.
    `task_id` is for a task that does not exist yet. Raises NotYet for rework without a task.
    """
    if task is None:
        return _first(event, task_id, now)
    if event.version <= task.request_version or task.state in ENDED:
        return None
    followed = _next(task, event, now)
    return (followed, tell_completed(task, followed)) if followed else None


def _first(event: RequestStep, task_id: UUID, now: datetime) -> tuple[Task, None] | None:
    """The task that a request's step makes."""
    match event:
        case RequestListed():
            task = _new(
                event,
                task_id,
                now,
                place_id=event.place_id,
                takers_wanted=event.takers_wanted,
                evidence_needed=event.evidence_needed,
                listed=True,
            )
        case RequestDispatched():
            task = _new(
                event,
                task_id,
                now,
                place_id=event.place_id,
                offered_to=event.taker,
                evidence_needed=event.evidence_needed,
            )
        case RequestReopened(work=()):  # back to the desk, which lists or dispatches it
            return None
        case RequestReopened():
            task = _again(event, task_id, now)
        case RequestCancelled():
            task = _new(event, task_id, now, place_id=None, state=State.VOID)
        case RequestReworked():
            raise NotYet
        case RequestClosed():  # settled on the spot: there never was a task
            return None
    return task, None


def _next(task: Task, event: RequestStep, now: datetime) -> Task | None:
    """The task after a newer step of its request."""
    match event:
        case RequestListed() | RequestDispatched():
            return _offer(task, event, now)
        case RequestReworked():
            return _rework(task, event, now)
        case RequestCancelled():
            return step(task, now, state=State.VOID, request_version=event.version)
        case RequestClosed():
            return step(task, now, state=State.CLOSED, request_version=event.version)
        case RequestReopened():  # the cycle's first step, so nothing can be older
            return None


def _offer(task: Task, event: RequestListed | RequestDispatched, now: datetime) -> Task | None:
    """Open to all, or to one: whoever stands already has won the claim, and keeps the place.

    An offer leaves `takers_wanted`: when it is turned down, as many are wanted as before.
    """
    if task.state is State.COMPLETED:
        return None
    common: dict[str, Any] = {
        "request_version": event.version,
        "place_id": event.place_id,
        "evidence_needed": event.evidence_needed,
    }
    if isinstance(event, RequestListed):
        wanted = max(event.takers_wanted, len(task.standing))
        return step(task, now, listed=True, offered_to=None, takers_wanted=wanted, **common)
    if task.standing:
        return step(task, now, request_version=event.version)
    return step(task, now, offered_to=event.taker, **common)


def _rework(task: Task, event: RequestReworked, now: datetime) -> Task:
    """Verification failed: what was completed is under way again."""
    assignments = tuple(
        replace(
            one,
            state=Standing.STARTED,
            version=task.version + 1,
            completed_at=None,
            service_minutes=0,
        )
        if one.state is Standing.COMPLETED
        else one
        for one in task.assignments
    )
    return step(task, now, request_version=event.version, assignments=assignments)


def _again(event: RequestReopened, task_id: UUID, now: datetime) -> Task:
    """The task of the next cycle: its last takers hold it."""
    takers: dict[Any, Work] = {one.taker: one for one in event.work}
    return _new(
        event,
        task_id,
        now,
        place_id=event.place_id,
        takers_wanted=len(takers),
        evidence_needed=event.evidence_needed,
        listed=len(takers) > 1,  # several came by the list; for one, requests decides again
        state=State.CLAIMED,
        assignments=tuple(
            take(one.taker, one.person_id, version=1, now=now) for one in takers.values()
        ),
    )


def _new(event: RequestStep, task_id: UUID, now: datetime, **terms: Any) -> Task:
    return Task(
        id=task_id,
        community=event.community,
        request_id=event.request_id,
        cycle=event.cycle,
        number=event.number,
        category=event.category,
        requester_id=event.requester_id,
        filed_by=event.filed_by,
        request_version=event.version,
        created_at=now,
        updated_at=now,
        **terms,
    )
