"""A service request: where it can stand, and the words for what cannot be done to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from shared.events import RequestClosed, RequestListed, Taker, Work
from shared.events.requests import ClosedAs, EvidenceNeeded, RequestEvent
from shared.problems import NotAllowed, NotMet, Problem, WrongState


class Status(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    REGISTERED = "registered"
    REJECTED = "rejected"
    LISTED = "listed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


Via = Literal["slip", "timeout"]
"""How a step came without anybody signed in: by a paper slip, or by itself."""

WAITING: Final = {Status.REGISTERED, Status.LISTED, Status.DISPATCHED}
UNTAKEN: Final = WAITING | {Status.SUBMITTED}
WITH_TAKERS: Final = {Status.LISTED, Status.DISPATCHED, Status.ACCEPTED, Status.IN_PROGRESS}


class NotYours(NotAllowed):
    """Only the requester, or who filed it for them, may do this."""

    zh = "只有诉求人或代报人可以这样操作。"
    en = "Only the person who asked, or who filed it for them, may do this."


class HandlerMayNot(NotAllowed):
    """Nobody verifies, closes or rates one's own work (`DOMAIN.md` §6 rule 4 and 5)."""

    zh = "办理人不能核查、结案或评价自己办理的诉求。"
    en = "A handler may not verify, close or rate the own work."


class NotVerified(WrongState):
    """Staff close only what has been verified."""

    zh = "请先核查，再结案。"
    en = "Verify the work first, then close."


class AlreadyRated(WrongState):
    """One rating a cycle."""

    zh = "本次办理已评价过。"
    en = "This has been rated already."


class TooLateToReopen(WrongState):
    """A closed request can be reopened for seven days."""

    zh = "结案已超过七天，请重新提交诉求。"
    en = "It was closed more than seven days ago. Please ask anew."


class AskTheCommunity(WrongState):
    """Once somebody has accepted, only staff cancel."""

    zh = "已有人接单，请联系社区工作人员撤单。"
    en = "Somebody has accepted it. Please ask the community to cancel."


class PrivateMatter(WrongState):
    """A private request is offered to somebody by name, never to everybody."""

    zh = "这类诉求涉及隐私，不能上清单，请直接派单给合适的人。"
    en = "This kind of request is private. Dispatch it to somebody by name instead."


class OwnRequest(NotMet):
    """Nobody takes the own request."""

    zh = "不能派给诉求人或代报人本人。"
    en = "A request cannot be dispatched to the person who asked or filed it."


class ReasonMissing(NotMet):
    """A refusal has a reason, and so has what was not solved."""

    zh = "请填写原因。"
    en = "Please give the reason."


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of request in a community's catalogue."""

    community: str
    code: str
    title_zh: str
    title_en: str
    points_rule: str | None
    visibility: Literal["public", "private"]
    evidence_needed: EvidenceNeeded
    limit_hours: int | None = None
    takers_wanted: int = 1
    active: bool = True


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """One request.

    `work` names who holds it now, `task_version` the last step of their task, `offered_to` whom it
    was dispatched to. `registered_at` tells when it was first taken in; the clock (`due_soon_at`,
    `due_at`) runs from there, and anew from a reopening. What is settled on the spot has none.
    `closes_at` tells when what is resolved closes by itself; nothing else has it.
    """

    id: UUID
    community: str
    number: str
    category: str
    description: str
    place_id: UUID
    requester_id: UUID
    filed_by: UUID
    visibility: str
    evidence_needed: EvidenceNeeded
    points_rule: str | None
    takers_wanted: int
    created_at: datetime
    updated_at: datetime
    status: Status = Status.SUBMITTED
    version: int = 1
    cycle: int = 1
    work: tuple[Work, ...] = ()
    task_version: int = 0
    offered_to: Taker | None = None
    verified_by: UUID | None = None
    stars: int | None = None
    closed_at: datetime | None = None
    closed_as: ClosedAs | None = None
    limit_hours: int | None = None
    registered_at: datetime | None = None
    due_soon_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def handlers(self) -> frozenset[UUID]:
        """The people who did the work, for themselves or for an organisation."""
        return frozenset(person for one in self.work for person in (one.person_id, *one.acted))

    @property
    def owners(self) -> frozenset[UUID]:
        """The people whose request it is."""
        return frozenset({self.requester_id, self.filed_by})


def terms_of(category: Category) -> dict[str, Any]:
    """The fields of a request that come from its category."""
    return {
        "category": category.code,
        "visibility": category.visibility,
        "evidence_needed": category.evidence_needed,
        "points_rule": category.points_rule,
        "takers_wanted": category.takers_wanted,
        "limit_hours": category.limit_hours,
    }


def require(request: ServiceRequest, statuses: set[Status]) -> None:
    """The step fits only these states. Raises WrongState."""
    if request.status not in statuses:
        raise WrongState(f"{request.number}: {request.status}")


def is_allowed(rule: Callable[[], object]) -> bool:
    """Whether a step would be taken now: the rule itself is asked."""
    try:
        rule()
    except Problem:
        return False
    return True


def step(request: ServiceRequest, now: datetime, **changes: Any) -> ServiceRequest:
    """The next version of a request."""
    return replace(request, version=request.version + 1, updated_at=now, **changes)


def tell[E: RequestEvent](event: type[E], request: ServiceRequest, **more: Any) -> E:
    """The event that tells where `request` stands now."""
    return event(
        community=request.community,
        occurred_at=request.updated_at,
        version=request.version,
        request_id=request.id,
        number=request.number,
        cycle=request.cycle,
        category=request.category,
        requester_id=request.requester_id,
        filed_by=request.filed_by,
        **more,
    )


def tell_listed(request: ServiceRequest) -> RequestListed:
    """That the request is on the need list."""
    return tell(
        RequestListed,
        request,
        place_id=request.place_id,
        takers_wanted=request.takers_wanted,
        evidence_needed=request.evidence_needed,
    )


def tell_closed(request: ServiceRequest, by: UUID | None) -> RequestClosed:
    """That the request is done, and what its takers did; `by` None: nobody closed it."""
    return tell(
        RequestClosed,
        request,
        closed_by=by,
        closed_as=request.closed_as,
        work=request.work,
        points_rule=request.points_rule,
    )
