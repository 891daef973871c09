"""From the work to the rating: verify, close, settle on the spot, rate, reopen; and silence."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.requests.domain.deadline import deadline
from services.requests.domain.request import (
    AlreadyRated,
    HandlerMayNot,
    NotVerified,
    NotYours,
    ReasonMissing,
    ServiceRequest,
    Status,
    TooLateToReopen,
    require,
    step,
    tell,
    tell_closed,
)
from shared.events import (
    RequestClosed,
    RequestRated,
    RequestReopened,
    RequestReworked,
    RequestVerified,
    Taker,
    Work,
)
from shared.events.requests import ClosedAs
from shared.problems import WrongState

REOPEN_DAYS: Final = 7


def verify(
    request: ServiceRequest, *, by: UUID, passed: bool, now: datetime
) -> tuple[ServiceRequest, RequestVerified | RequestReworked]:
    """Somebody other than the handlers looks at the work: good, or back to them."""
    require(request, {Status.RESOLVED})
    if by in request.handlers:
        raise HandlerMayNot
    if passed:
        verified = step(request, now, verified_by=by)
        return verified, tell(RequestVerified, verified, verified_by=by)
    return _rework(request, now)


def close(
    request: ServiceRequest, *, by: UUID, is_staff: bool, now: datetime
) -> tuple[ServiceRequest, RequestClosed]:
    """The requester confirms, or staff close what was verified; its takers have earned."""
    if by not in request.owners and not is_staff:
        raise NotYours
    require(request, {Status.RESOLVED})
    if by in request.handlers:
        raise HandlerMayNot
    if by not in request.owners and request.verified_by is None:
        raise NotVerified
    closed = _closed(request, now, "requester" if by in request.owners else "verifier")
    return closed, tell_closed(closed, by)


def close_by_silence(
    request: ServiceRequest, *, now: datetime
) -> tuple[ServiceRequest, RequestClosed]:
    """Nobody has answered: it closes by itself, and its takers have earned.

    The event names nobody, and the close counts as nobody's praise (`DOMAIN.md` §6 rule 4).
    Raises WrongState while somebody can still answer.
    """
    require(request, {Status.RESOLVED})
    if request.closes_at is None or now < request.closes_at:
        raise WrongState(f"{request.number}: closes at {request.closes_at}")
    closed = _closed(request, now, "timeout")
    return closed, tell_closed(closed, None)


def settle_on_the_spot(
    request: ServiceRequest, *, by: UUID, service_minutes: int, now: datetime
) -> tuple[ServiceRequest, ServiceRequest, RequestClosed]:
    """即办: staff resolve and close at once; the spoken word confirms, no points are granted.

    Gives the resolved and the closed request. Only the close is told: nobody has to confirm.
    """
    work = (Work(taker=Taker(kind="person", id=by), person_id=by, service_minutes=service_minutes),)
    resolved = step(
        request, now, status=Status.RESOLVED, work=work, points_rule=None, registered_at=now
    )
    closed = _closed(resolved, now, "on_the_spot")
    return resolved, closed, tell_closed(closed, by)


def rate(
    request: ServiceRequest, *, by: UUID, stars: int, now: datetime
) -> tuple[ServiceRequest, RequestRated]:
    """The requester says how it went, 1 to 5, once a cycle; a handler never."""
    if by not in request.owners:
        raise NotYours
    if by in request.handlers:
        raise HandlerMayNot
    require(request, {Status.CLOSED})
    if request.stars is not None:
        raise AlreadyRated
    rated = step(request, now, stars=stars)
    return rated, tell(RequestRated, rated, stars=stars, rated_by=by)


def reopen(
    request: ServiceRequest, *, by: UUID, is_staff: bool, now: datetime
) -> tuple[ServiceRequest, RequestReopened]:
    """Not solved: the same request, the next cycle, a new clock, back to the last handlers.

    What was settled on the spot has no taker to go back to: it waits to be listed or dispatched.
    """
    if by not in request.owners and not is_staff:
        raise NotYours
    require(request, {Status.CLOSED})
    if request.closed_at is None or now - request.closed_at > timedelta(days=REOPEN_DAYS):
        raise TooLateToReopen
    was_settled = request.closed_as == "on_the_spot"
    reopened = step(
        request,
        now,
        status=Status.REGISTERED if was_settled else Status.ACCEPTED,
        work=() if was_settled else request.work,
        cycle=request.cycle + 1,
        task_version=0,
        verified_by=None,
        stars=None,
        closed_at=None,
        closed_as=None,
        **deadline(now, request.limit_hours),
    )
    return reopened, tell(
        RequestReopened,
        reopened,
        place_id=request.place_id,
        work=reopened.work,
        evidence_needed=request.evidence_needed,
    )


def say_not_solved(
    request: ServiceRequest, *, by: UUID, reason: str, now: datetime
) -> tuple[ServiceRequest, RequestReworked | RequestReopened]:
    """没解决: what is resolved goes back to its takers, what is closed is opened again."""
    if by not in request.owners:
        raise NotYours
    if not reason.strip():
        raise ReasonMissing
    if request.status is Status.RESOLVED:
        return _rework(request, now)
    return reopen(request, by=by, is_staff=False, now=now)


def _rework(request: ServiceRequest, now: datetime) -> tuple[ServiceRequest, RequestReworked]:
    reworked = step(request, now, status=Status.IN_PROGRESS, verified_by=None, closes_at=None)
    return reworked, tell(RequestReworked, reworked)


def _closed(request: ServiceRequest, now: datetime, closed_as: ClosedAs) -> ServiceRequest:
    return step(
        request, now, status=Status.CLOSED, closed_at=now, closed_as=closed_as, closes_at=None
    )
