"""A follow-up slip: paper with a code, for somebody who has no account.

Whoever holds it acts for the person who asked. It ends some time after the request has ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.requests.domain.outcome import REOPEN_DAYS, close, rate, say_not_solved
from services.requests.domain.request import NotYours, ServiceRequest, Status, is_allowed
from shared.events import RequestClosed, RequestRated, RequestReopened, RequestReworked
from shared.problems import NotAllowed, NotFound, WrongState

CODE_LETTERS: Final = 12
"""Sixty random bits: a million guesses find one of a million slips with a chance of 1 : 10⁶."""
SLIP_DAYS: Final = 30
FREE_TRIES_OF_AN_ADDRESS: Final = 20
CALM: Final = 500
"""So many wrong codes in a quarter of an hour are people; more of them is somebody who guesses."""
FREE_TRIES_UNDER_SIEGE: Final = 1
"""The right code of a slip still opens at the first try, from whatever address it comes."""

ENDED: Final = {Status.CLOSED, Status.REJECTED, Status.CANCELLED}


class NoSlip(NotFound):
    """No slip has this code, or it has ended, or another one has taken its place: all the same."""

    zh = "查询码不对或已失效，请核对后再试，或联系社区工作人员。"
    en = "This code is wrong or no longer good. Check it, or ask the community's staff."


class SlipOfAHandler(NotAllowed):
    """Who printed the slip knows its code: with it, a handler would judge the own work."""

    zh = "这张回执由办理人打印，不能用来确认或评价，请向社区另要一张。"
    en = "A handler printed this slip, so it cannot confirm or rate. Ask the community for another."


class TooLateForASlip(WrongState):
    """A slip of a request that ended long ago would open nothing."""

    zh = "这件诉求办结已超过三十天，不能再打印回执。"
    en = "This ended more than thirty days ago: a slip would open nothing."


@dataclass(frozen=True, slots=True)
class Slip:
    """The one slip of a request that is good; of its code only the hash is kept."""

    community: str
    request_id: UUID
    code_hash: bytes
    made_by: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Choices:
    """Which buttons a slip has now."""

    confirm: bool
    not_solved: bool
    rate: bool


def make_slip(
    request: ServiceRequest, *, code_hash: bytes, by: UUID, is_staff: bool, now: datetime
) -> Slip:
    """Staff, or whose request it is, print a slip. Raises NotYours, TooLateForASlip."""
    if not is_staff and by not in request.owners:
        raise NotYours
    if not opens(request, now=now):
        raise TooLateForASlip
    return Slip(request.community, request.id, code_hash, by, now)


def good_until(request: ServiceRequest) -> datetime | None:
    """When the slip of a request ends; None: not while the request goes on."""
    if request.status not in ENDED:
        return None
    return (request.closed_at or request.updated_at) + timedelta(days=SLIP_DAYS)


def opens(request: ServiceRequest, *, now: datetime) -> bool:
    """Whether a slip of this request opens anything."""
    until = good_until(request)
    return until is None or now <= until


def not_solved_until(request: ServiceRequest) -> datetime | None:
    """Until when what is closed can be opened again; None: it is not closed."""
    return request.closed_at and request.closed_at + timedelta(days=REOPEN_DAYS)


def confirm_by_slip(
    request: ServiceRequest, slip: Slip, *, now: datetime
) -> tuple[ServiceRequest, RequestClosed]:
    """解决了: the person who asked confirms, by the slip."""
    _require_another_hand(request, slip)
    return close(request, by=request.requester_id, is_staff=False, now=now)


def say_not_solved_by_slip(
    request: ServiceRequest, *, reason: str, now: datetime
) -> tuple[ServiceRequest, RequestReworked | RequestReopened]:
    """没解决: whoever printed the slip, this helps no handler."""
    return say_not_solved(request, by=request.requester_id, reason=reason, now=now)


def rate_by_slip(
    request: ServiceRequest, slip: Slip, *, stars: int, now: datetime
) -> tuple[ServiceRequest, RequestRated]:
    """How it went, 1 to 5, once a cycle."""
    _require_another_hand(request, slip)
    return rate(request, by=request.requester_id, stars=stars, now=now)


def choices(request: ServiceRequest, slip: Slip, *, now: datetime) -> Choices:
    """The buttons that would do something: the rules themselves are asked."""
    return Choices(
        confirm=is_allowed(lambda: confirm_by_slip(request, slip, now=now)),
        not_solved=is_allowed(lambda: say_not_solved_by_slip(request, reason="?", now=now)),
        rate=is_allowed(lambda: rate_by_slip(request, slip, stars=1, now=now)),
    )


def _require_another_hand(request: ServiceRequest, slip: Slip) -> None:
    if slip.made_by in request.handlers:
        raise SlipOfAHandler
