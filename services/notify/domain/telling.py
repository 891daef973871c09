"""Whom an event concerns: the requester and the filer, or the taker it is given to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.events import (
    MembershipChanged,
    PointsAwarded,
    PointsReversed,
    RequestAccepted,
    RequestClosed,
    RequestDispatched,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestResolved,
    Taker,
)

OLDEST_NEWS: Final = timedelta(hours=72)
"""An older event makes no notice: a replay must not tell people of last month
(`RELIABILITY.md` §1, replay from zero)."""

VOLUNTEER: Final = "volunteer"
"""The role of who may take tasks, as memberships tell it."""

type OwnersStep = (
    RequestRegistered | RequestRejected | RequestAccepted | RequestResolved | RequestClosed
)
type RequestStep = OwnersStep | RequestDispatched | RequestReopened
type PointsStep = PointsAwarded | PointsReversed

type Membership = tuple[str, UUID]
"""A community and one of its members."""

type Organisation = tuple[str, UUID]
"""A community and one of its organisations."""


class Kind(StrEnum):
    """What a notice is about."""

    REQUEST_REGISTERED = "request_registered"
    REQUEST_REJECTED = "request_rejected"
    REQUEST_DISPATCHED = "request_dispatched"
    REQUEST_ACCEPTED = "request_accepted"
    REQUEST_RESOLVED = "request_resolved"
    REQUEST_CLOSED = "request_closed"
    REQUEST_REOPENED = "request_reopened"
    POINTS_AWARDED = "points_awarded"
    POINTS_REVERSED = "points_reversed"
    VOLUNTEER_ADMITTED = "volunteer_admitted"


@dataclass(frozen=True, slots=True)
class Call:
    """Something to tell, to a person or to everybody of an organisation."""

    community: str
    event_id: UUID
    to: Taker
    kind: Kind
    request_id: UUID | None
    """None: it is about no request."""
    occurred_at: datetime
    details: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell to one person; its key is community, event and recipient."""

    recipient_id: UUID
    call: Call

    @property
    def key(self) -> tuple[str, UUID, UUID]:
        """At most one notice has it, on each channel."""
        return (self.call.community, self.call.event_id, self.recipient_id)


def calls_of(step: RequestStep | PointsStep, *, now: datetime) -> list[Call]:
    """Who is to be told of `step`; nobody when it is older than 72 hours."""
    if now - step.occurred_at > OLDEST_NEWS:
        return []
    match step:
        case RequestDispatched():
            return [_call(step, step.taker, Kind.REQUEST_DISPATCHED)]
        case RequestReopened():
            people = sorted({one.person_id for one in step.work})
            return [_call(step, _person(one), Kind.REQUEST_REOPENED) for one in people]
        case PointsAwarded():
            return [_call(step, step.taker, Kind.POINTS_AWARDED, points=step.points)]
        case PointsReversed():
            return [_call(step, step.taker, Kind.POINTS_REVERSED, points=step.points)]
        case _:
            return _calls_to_owners(step)


def newest_volunteers(changes: Iterable[MembershipChanged]) -> dict[Membership, MembershipChanged]:
    """The last change of each of `changes` that leaves somebody a volunteer."""
    newest: dict[Membership, MembershipChanged] = {}
    for one in changes:
        key = (one.community, one.person_id)
        if key not in newest or one.version > newest[key].version:
            newest[key] = one
    return {key: one for key, one in newest.items() if VOLUNTEER in one.roles and not one.removed}


def calls_to_admitted(admitted: Iterable[MembershipChanged], *, now: datetime) -> list[Call]:
    """To members whom staff have just made volunteers; old changes are no news."""
    return [
        Call(
            community=one.community,
            event_id=one.event_id,
            to=_person(one.person_id),
            kind=Kind.VOLUNTEER_ADMITTED,
            request_id=None,
            occurred_at=one.occurred_at,
        )
        for one in admitted
        if now - one.occurred_at <= OLDEST_NEWS
    ]


def organisations_in(calls: Iterable[Call]) -> set[Organisation]:
    """The organisations whose members have to be found."""
    return {(call.community, call.to.id) for call in calls if call.to.kind == "organisation"}


def address(calls: Iterable[Call], members: Mapping[Organisation, Sequence[UUID]]) -> list[Notice]:
    """One notice for each person and event, in the order of `calls`."""
    notices: dict[tuple[str, UUID, UUID], Notice] = {}
    for call in calls:
        if call.to.kind == "person":
            recipients: Sequence[UUID] = (call.to.id,)
        else:
            recipients = members.get((call.community, call.to.id), ())
        for recipient in recipients:
            notice = Notice(recipient, call)
            notices.setdefault(notice.key, notice)
    return list(notices.values())


def _calls_to_owners(step: OwnersStep) -> list[Call]:
    """To the requester, and to the filer when that is somebody else, who is told so."""
    kind = Kind(f"request_{step.name}")
    by_itself = isinstance(step, RequestClosed) and step.closed_as == "timeout"
    details = {"unanswered": 1} if by_itself else {}
    calls = [_call(step, _person(step.requester_id), kind, **details)]
    if step.filed_by != step.requester_id:
        calls.append(_call(step, _person(step.filed_by), kind, as_filer=1, **details))
    return calls


def _call(step: RequestStep | PointsStep, to: Taker, kind: Kind, **details: int) -> Call:
    return Call(
        community=step.community,
        event_id=step.event_id,
        to=to,
        kind=kind,
        request_id=step.request_id,
        occurred_at=step.occurred_at,
        details=details,
    )


def _person(person_id: UUID) -> Taker:
    return Taker(kind="person", id=person_id)
