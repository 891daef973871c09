"""How a request moves with its task, in whatever order the steps arrive."""

from datetime import datetime

from services.requests.domain.deadline import closes_at
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
)
from shared.events.requests import RequestEvent

__all__ = ["TaskStep", "follow_task"]

type TaskStep = TaskClaimed | TaskDeclined | TaskStarted | TaskCompleted


def follow_task(
    request: ServiceRequest, task: TaskStep, *, now: datetime
) -> tuple[ServiceRequest, tuple[RequestEvent, ...]] | None:
    """Move with the task of the request, or not at all (None) when the step no longer counts.

    Each step tells who stands after it, so the newest is enough and an older one changes nothing.
    Steps of another cycle and of an ended request are late: requests decides a cancellation.
    """
    late = task.cycle != request.cycle or task.version <= request.task_version
    if late or request.status not in WITH_TAKERS:
        return None
    if isinstance(task, TaskCompleted):
        resolved = step(
            request,
            now,
            status=Status.RESOLVED,
            work=task.work,
            task_version=task.version,
            verified_by=None,
            closes_at=closes_at(now),
        )
        return resolved, (tell(RequestResolved, resolved, work=task.work),)
    status = _status_after(request, task)
    followed = step(request, now, status=status, work=task.work, task_version=task.version)
    return followed, tuple(_news(request, followed))


def _status_after(request: ServiceRequest, task: TaskStep) -> Status:
    """Where a request stands when its task stands as `task` tells."""
    if task.work:
        return Status.IN_PROGRESS if task.under_way else Status.ACCEPTED
    is_of_an_old_offer = isinstance(task, TaskDeclined) and request.offered_to != task.taker
    if request.status is Status.DISPATCHED and is_of_an_old_offer:
        return Status.DISPATCHED
    return Status.LISTED if request.visibility == "public" else Status.REGISTERED


def _news(before: ServiceRequest, after: ServiceRequest) -> list[RequestEvent]:
    """What a move means for others; nothing when it changes only who stands."""
    if after.status is before.status:
        return []
    if after.status is Status.LISTED:
        return [tell_listed(after)]
    news: list[RequestEvent] = []
    if after.work and before.status in {Status.LISTED, Status.DISPATCHED}:
        takers = tuple(one.taker for one in after.work)
        news.append(tell(RequestAccepted, after, takers=takers))
    if after.status is Status.IN_PROGRESS:
        news.append(tell(RequestStarted, after))
    return news
