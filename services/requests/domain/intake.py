"""From asking to the need list: submit, register, reject, list, dispatch, cancel."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.requests.domain.deadline import deadline
from services.requests.domain.request import (
    UNTAKEN,
    WAITING,
    AskTheCommunity,
    Category,
    NotYours,
    OwnRequest,
    PrivateMatter,
    ReasonMissing,
    ServiceRequest,
    Status,
    require,
    step,
    tell,
    tell_listed,
    terms_of,
)
from shared.events import (
    RequestCancelled,
    RequestDispatched,
    RequestListed,
    RequestRegistered,
    RequestRejected,
    RequestSubmitted,
    Taker,
)


def submit(
    category: Category,
    *,
    request_id: UUID,
    number: str,
    description: str,
    place_id: UUID,
    requester_id: UUID,
    filed_by: UUID,
    now: datetime,
) -> tuple[ServiceRequest, RequestSubmitted]:
    """Somebody asks, for oneself or for somebody else."""
    request = ServiceRequest(
        id=request_id,
        community=category.community,
        number=number,
        description=description,
        place_id=place_id,
        requester_id=requester_id,
        filed_by=filed_by,
        created_at=now,
        updated_at=now,
        **terms_of(category),
    )
    return request, tell(RequestSubmitted, request, place_id=place_id)


def register(
    request: ServiceRequest, *, category: Category | None = None, now: datetime
) -> tuple[ServiceRequest, RequestRegistered]:
    """Staff take the request in, as another category where it was filed as a wrong one.

    Its clock begins to run.
    """
    require(request, {Status.SUBMITTED})
    if category is not None:
        request = replace(request, **terms_of(category))
    registered = step(
        request,
        now,
        status=Status.REGISTERED,
        registered_at=now,
        **deadline(now, request.limit_hours),
    )
    return registered, tell(RequestRegistered, registered)


def reject(
    request: ServiceRequest, *, reason: str, now: datetime
) -> tuple[ServiceRequest, RequestRejected]:
    """Staff refuse the request, and say why."""
    require(request, {Status.SUBMITTED, Status.REGISTERED})
    if not reason.strip():
        raise ReasonMissing
    rejected = step(request, now, status=Status.REJECTED)
    return rejected, tell(RequestRejected, rejected)


def put_on_list(
    request: ServiceRequest, *, takers_wanted: int | None, now: datetime
) -> tuple[ServiceRequest, RequestListed]:
    """Staff publish the request on the need list, for anybody to claim."""
    require(request, {Status.REGISTERED, Status.DISPATCHED})
    if request.visibility == "private":
        raise PrivateMatter
    listed = step(
        request,
        now,
        status=Status.LISTED,
        offered_to=None,
        takers_wanted=takers_wanted or request.takers_wanted,
    )
    return listed, tell_listed(listed)


def dispatch(
    request: ServiceRequest, *, taker: Taker, now: datetime
) -> tuple[ServiceRequest, RequestDispatched]:
    """Staff offer the request to one named person or organisation."""
    require(request, WAITING)
    if taker.kind == "person" and taker.id in request.owners:
        raise OwnRequest
    dispatched = step(request, now, status=Status.DISPATCHED, offered_to=taker)
    return dispatched, tell(
        RequestDispatched,
        dispatched,
        place_id=request.place_id,
        taker=taker,
        evidence_needed=request.evidence_needed,
    )


def note(request: ServiceRequest, *, now: datetime) -> ServiceRequest:
    """Staff write something down for each other: nothing moves, and nobody is told."""
    return step(request, now)


def cancel(
    request: ServiceRequest, *, by: UUID, is_staff: bool, now: datetime
) -> tuple[ServiceRequest, RequestCancelled]:
    """Withdraw it: the owner until somebody accepts, staff until the work is done."""
    if not is_staff and by not in request.owners:
        raise NotYours
    require(request, UNTAKEN | {Status.ACCEPTED, Status.IN_PROGRESS})
    if not is_staff and request.status not in UNTAKEN:
        raise AskTheCommunity
    cancelled = step(request, now, status=Status.CANCELLED)
    return cancelled, tell(RequestCancelled, cancelled)
