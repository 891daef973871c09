"""How a request is rebuilt from what it once told, when its database has come from a backup.

Its events carry all but the words: what was asked for in words, notes and reasons are lost.
"""

from dataclasses import replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.requests.domain.deadline import closes_at, deadline
from services.requests.domain.request import Category, ServiceRequest, Status, Via, terms_of
from services.requests.domain.task import TaskStep
from shared.events import (
    RequestAccepted,
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestRated,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestResolved,
    RequestReworked,
    RequestStarted,
    RequestSubmitted,
    RequestVerified,
)
from shared.events.requests import RequestEvent

LOST_WORDS: Final = (
    "（恢复备份时，原来的描述已遗失，请向诉求人了解。）"
    "The description was lost when a backup was restored; please ask the person."
)

_STATUSES: Final[dict[type[RequestEvent], Status]] = {
    RequestRegistered: Status.REGISTERED,
    RequestRejected: Status.REJECTED,
    RequestListed: Status.LISTED,
    RequestDispatched: Status.DISPATCHED,
    RequestAccepted: Status.ACCEPTED,
    RequestStarted: Status.IN_PROGRESS,
    RequestResolved: Status.RESOLVED,
    RequestReworked: Status.IN_PROGRESS,
    RequestClosed: Status.CLOSED,
    RequestReopened: Status.ACCEPTED,
    RequestCancelled: Status.CANCELLED,
}
_TOLD: Final = {"takers_wanted", "evidence_needed", "work", "verified_by"} | {
    "closed_as", "points_rule", "stars",
}  # fmt: skip
"""Fields of a request that events tell by the same name."""

_UNSETTLED: Final = dict.fromkeys(("verified_by", "stars", "closed_at", "closed_as"))
_KINDS: Final = {"accepted": "claimed", "resolved": "completed"}
"""What the history calls a step of the task whose own event is not known."""


class StepTold(NamedTuple):
    """What is known of a step: its version, what happened, and who did it in which way."""

    version: int
    kind: str
    by: UUID | None
    via: Via | None = None


def adopt(
    request: ServiceRequest | None,
    told: RequestEvent,
    *,
    cause: TaskStep | None,
    terms: Category,
) -> ServiceRequest | None:
    """The request after what it told; None when even its first event is lost.

    `cause` is the step of the task that led to it. What is older than the request changes nothing.
    """
    if request is None:
        return _asked(told, terms) if isinstance(told, RequestSubmitted) else None
    if told.version < request.version:  # one step of a task may tell two events
        return request
    changes: dict[str, Any] = {"status": _STATUSES.get(type(told), request.status)}
    if told.category != request.category:  # staff had taken it in as another one
        changes |= terms_of(terms)
    limit_hours = changes.get("limit_hours", request.limit_hours)
    changes |= _changes(told) | _clock(told, limit_hours)
    if cause is not None:
        changes |= {"work": cause.work, "task_version": cause.version}
    return replace(
        request,
        version=told.version,
        cycle=told.cycle,
        updated_at=told.occurred_at,
        **changes,
    )


def steps_told(told: RequestEvent, cause: TaskStep | None) -> list[StepTold]:
    """What the history says of it, as far as it was told."""
    if cause is not None:
        by = getattr(cause, "person_id", None)
        return [StepTold(told.version, cause.name.removeprefix("task_"), by)]
    by: UUID | None = None
    via: Via | None = None
    match told:
        case RequestSubmitted():
            by = told.filed_by
        case RequestVerified():
            by = told.verified_by
        case RequestClosed():
            by = told.closed_by
            via = "timeout" if told.closed_as == "timeout" else None
        case RequestRated():
            by = told.rated_by
        case _:
            pass
    step = StepTold(told.version, _KINDS.get(told.name, told.name), by, via)
    if isinstance(told, RequestClosed) and told.closed_as == "on_the_spot":
        return [StepTold(told.version - 1, "resolved", by), step]
    return [step]


def _asked(told: RequestSubmitted, terms: Category) -> ServiceRequest:
    """The request as it was submitted, under the terms its category has now."""
    return ServiceRequest(
        id=told.request_id,
        community=told.community,
        number=told.number,
        description=LOST_WORDS,
        place_id=told.place_id,
        requester_id=told.requester_id,
        filed_by=told.filed_by,
        created_at=told.occurred_at,
        updated_at=told.occurred_at,
        version=told.version,
        **terms_of(terms),
    )


def _changes(told: RequestEvent) -> dict[str, Any]:
    """What a step changes beside status and cycle: the fields that it tells, and what ends."""
    fields = {name: getattr(told, name) for name in _TOLD & set(type(told).model_fields)}
    match told:
        case RequestListed():  # public, or it would not be on the list
            return fields | {"visibility": "public", "offered_to": None, "work": ()}
        case RequestDispatched():
            return {"offered_to": told.taker, "evidence_needed": told.evidence_needed}
        case RequestClosed():
            return fields | {"closed_at": told.occurred_at}
        case RequestReopened():
            status = Status.ACCEPTED if told.work else Status.REGISTERED
            return fields | _UNSETTLED | {"status": status, "task_version": 0}
        case RequestResolved() | RequestReworked():
            return fields | {"verified_by": None}
        case _:
            return fields


def _clock(told: RequestEvent, limit_hours: int | None) -> dict[str, Any]:
    """What a step makes of the clock, which no event tells: it follows from when it happened."""
    match told:
        case RequestRegistered():
            return {"registered_at": told.occurred_at, **deadline(told.occurred_at, limit_hours)}
        case RequestReopened():
            return {**deadline(told.occurred_at, limit_hours)}
        case RequestClosed(closed_as="on_the_spot"):
            return {"registered_at": told.occurred_at}
        case RequestResolved():
            return {"closes_at": closes_at(told.occurred_at)}
        case RequestClosed() | RequestReworked():
            return {"closes_at": None}
        case _:
            return {}
