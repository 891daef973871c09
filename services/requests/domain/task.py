"""How a request moves with its task, in whatever order the steps arrive."""

from dataclasses import replace
from datetime import datetime

from services.requests.domain.request import (
    WITH_TAKERS,
    ServiceRequest,
    Status,
    step,
    tell,
    tell_listed,
)
from shared.events import (
    RequestAccepted,
    RequestResolved,
    RequestStarted,
    TaskClaimed,
    TaskCompleted,
    TaskDeclined,
    TaskStarted,
    Work,
)
from shared.events.requests import RequestEvent

type TaskStep = TaskClaimed | TaskDeclined | TaskStarted | TaskCompleted


def follow_task(
    request: ServiceRequest, task: TaskStep, *, now: datetime
) -> tuple[ServiceRequest, RequestEvent | None] | None:
    """Move with the task of the request, or not at all (None) when the step no longer counts.

    Steps of another cycle and of an ended request are late: requests decides a cancellation. An
    older step than the last one applied changes nothing: the newer one told who stands.
    """
    late = task.cycle != request.cycle or task.version <= request.task_version
    if late or request.status not in WITH_TAKERS or _is_of_an_old_offer(request, task):
        return None
    if isinstance(task, TaskCompleted):
        resolved = step(
            request, now, status=Status.RESOLVED, work=task.work, task_version=task.version
        )
        return resolved, tell(RequestResolved, resolved, work=task.work)
    followed = step(request, now, work=_standing(request, task), task_version=task.version)
    if isinstance(task, TaskStarted):
        started = replace(followed, status=Status.IN_PROGRESS)
        news = request.status is not Status.IN_PROGRESS
        return started, tell(RequestStarted, started) if news else None
    if task.takers:
        accepted = replace(
            followed,
            status=Status.IN_PROGRESS if request.status is Status.IN_PROGRESS else Status.ACCEPTED,
        )
        news = request.status in {Status.LISTED, Status.DISPATCHED}
        return accepted, tell(RequestAccepted, accepted, takers=task.takers) if news else None
    listed = replace(followed, status=Status.LISTED, offered_to=None)
    return listed, tell_listed(listed)


def _is_of_an_old_offer(request: ServiceRequest, task: TaskStep) -> bool:
    """Somebody turns an offer down that has gone to somebody else meanwhile."""
    return (
        isinstance(task, TaskDeclined)
        and request.status is Status.DISPATCHED
        and request.offered_to != task.taker
    )


def _standing(request: ServiceRequest, task: TaskStep) -> tuple[Work, ...]:
    """The takers who stand after a step, with the person who acts for each."""
    known = {one.taker: one for one in request.work}
    if isinstance(task, TaskClaimed | TaskStarted):
        known[task.taker] = Work(taker=task.taker, person_id=task.person_id)
    return tuple(known[taker] for taker in task.takers if taker in known)
