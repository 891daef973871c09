"""How a task is rebuilt from what it once told, when its database has come from a backup.

Who stands and the minutes come back. Notes, evidence and reasons are lost, and so is what was
never told: the finished part of one taker among several of whom others were still at work.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.volunteers.domain.follow import RequestStep, follow_request
from services.volunteers.domain.task import ENDED, Assignment, Standing, Task, step
from shared.events import TaskCompleted, TaskDeclined, TaskStarted, Work
from shared.events.volunteers import TaskEvent
from shared.problems import NotYet

__all__ = ["adopt"]


def adopt(
    task: Task | None, steps: Iterable[RequestStep], told: Iterable[TaskEvent], *, task_id: UUID
) -> Task | None:
    """The task of one cycle after the steps of its request and what it told, as they happened.

    None when the step of the request that made it is lost.
    """
    for event in sorted((*steps, *told), key=lambda one: (one.occurred_at, one.event_id)):
        if isinstance(event, TaskEvent):
            task = task and _after(task, event)
            continue
        try:
            followed = follow_request(task, event, task_id=task_id, now=event.occurred_at)
        except NotYet:
            continue
        task = followed[0] if followed else task
    return task


def _after(task: Task, told: TaskEvent) -> Task:
    """The task as it stood when it told this; older than what is stored, it changes nothing."""
    if told.version <= task.stored_version:
        return task
    version = max(task.version + 1, told.version)
    held = {one.taker: one for one in task.assignments}
    for work in told.work:
        held[work.taker] = _standing(held.get(work.taker), work, told, version)
    stand = [work.taker for work in told.work]
    changes: dict[str, Any] = {
        "assignments": tuple(
            one if taker in stand or not one.stands else _declined(one, told, version)
            for taker, one in held.items()
        )
    }
    if isinstance(told, TaskDeclined):
        changes["offered_to"] = None
    if isinstance(told, TaskCompleted):  # staff may have been content with fewer
        changes["takers_wanted"] = min(task.takers_wanted, len(stand))
    if task.state in ENDED:  # the end came while this was on its way
        changes["state"] = task.state
    return replace(step(task, told.occurred_at, **changes), version=version)


def _standing(present: Assignment | None, work: Work, told: TaskEvent, version: int) -> Assignment:
    """A taker who stands, as far as the work had come."""
    one = present
    if one is None or not one.stands:
        one = Assignment(work.taker, work.person_id, version, told.occurred_at)
    changed = replace(one, person_id=work.person_id, acted=work.acted or (work.person_id,))
    if isinstance(told, TaskStarted) and told.taker == work.taker:
        changed = replace(changed, state=Standing.STARTED, started_at=told.occurred_at)
    if isinstance(told, TaskCompleted) and one.state is not Standing.COMPLETED:
        changed = replace(
            changed,
            state=Standing.COMPLETED,
            started_at=one.started_at or told.occurred_at,
            completed_at=told.occurred_at,
            service_minutes=work.service_minutes,
        )
    return changed if changed == one else replace(changed, version=version)


def _declined(one: Assignment, told: TaskEvent, version: int) -> Assignment:
    """A taker who stands no longer."""
    return replace(
        one, state=Standing.DECLINED, declined_at=told.occurred_at, completed_at=None,
        version=version,
    )  # fmt: skip
