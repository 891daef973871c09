"""Follow-up slips: printing one, finding it by its code, and acting by it for who asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.requests import domain, store
from services.requests.actions.requests import Change
from services.requests.domain import Category, Choices, ServiceRequest, Slip
from services.requests.domain.slip import (
    CALM,
    CODE_LETTERS,
    FREE_TRIES_OF_AN_ADDRESS,
    FREE_TRIES_UNDER_SIEGE,
    SLIP_DAYS,
)
from services.requests.store import Step
from shared import clock
from shared.codes import code_hash, new_code
from shared.database import Transaction
from shared.events.requests import RequestEvent
from shared.patience import mark

__all__ = [
    "FollowUp",
    "PrintedSlip",
    "confirm_by_slip",
    "find_slip",
    "follow_up",
    "forget_ended_slips",
    "make_slip",
    "rate_by_slip",
    "say_not_solved_by_slip",
]

EVERYBODY: Final = mark("all", "")


@dataclass(frozen=True, slots=True)
class PrintedSlip:
    """What is printed; the code is known here and on the paper only."""

    number: str
    code: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a slip shows of its request."""

    request: ServiceRequest
    category: Category
    steps: Sequence[Step]
    choices: Choices


async def make_slip(tx: Transaction, change: Change) -> PrintedSlip:
    """Make the slip of a request; the one before opens nothing any more.

    The history tells who made it: with the code they could act for the person who asked.
    """
    request = await store.load(tx, change.community, change.request_id, expected=change.expected)
    code = new_code(CODE_LETTERS)
    slip = domain.make_slip(
        request, code_hash=code_hash(code), by=change.by, is_staff=change.is_staff, now=clock.now()
    )
    await store.keep_slip(tx, slip, request)
    return PrintedSlip(request.number, code)


async def find_slip(tx: Transaction, code: str, *, address: str) -> Slip | None:
    """The slip with this code; None: nothing is open to it, and the attempt is counted.

    The transaction must see every community. A code that has ended takes the way of one that never
    was. When too many fail everywhere, each address has fewer tries: nobody with a slip is locked
    out by those who guess. Raises TooManyAttempts.
    """
    now, whose = clock.now(), mark("address", address)
    everywhere = await store.attempts.failures(tx, EVERYBODY, now=now)
    free = FREE_TRIES_OF_AN_ADDRESS if everywhere.count < CALM else FREE_TRIES_UNDER_SIEGE
    await store.attempts.require_patience(tx, whose, free_tries=free, now=now)
    found = await store.find_slip(tx, code_hash(code))
    if found is None or not domain.opens(found[1], now=now):
        await store.attempts.count(tx, whose, EVERYBODY, now=now)
        return None
    return found[0]


async def follow_up(tx: Transaction, slip: Slip) -> FollowUp:
    """The timeline of a slip's request, and what can be done by the slip."""
    request = await store.read(tx, slip.community, slip.request_id, seen_by=None)
    category = await store.category(tx, slip.community, request.category, also_inactive=True)
    assert category is not None  # noqa: S101 - the database refuses a request without one
    steps = await store.history(tx, slip.community, slip.request_id)
    return FollowUp(request, category, steps, domain.choices(request, slip, now=clock.now()))


async def confirm_by_slip(tx: Transaction, slip: Slip) -> None:
    """Close the request as the person who asked."""
    request = await _load(tx, slip)
    await _keep(tx, *domain.confirm_by_slip(request, slip, now=clock.now()))


async def say_not_solved_by_slip(tx: Transaction, slip: Slip, *, reason: str) -> None:
    """Send it back to its takers, or open it again when it is closed."""
    request = await _load(tx, slip)
    unsolved, event = domain.say_not_solved_by_slip(request, reason=reason, now=clock.now())
    await store.save_handlers(tx, unsolved)
    await _keep(tx, unsolved, event, note=reason)


async def rate_by_slip(tx: Transaction, slip: Slip, *, stars: int, note: str) -> None:
    """Say how it went, as the person who asked."""
    request = await _load(tx, slip)
    await _keep(tx, *domain.rate_by_slip(request, slip, stars=stars, now=clock.now()), note=note)


async def forget_ended_slips(tx: Transaction) -> None:
    """Drop the slips that open nothing any more, and the attempts that count no more.

    The transaction must see every community.
    """
    now = clock.now()
    await store.forget_slips(tx, ended_before=now - timedelta(days=SLIP_DAYS))
    await store.attempts.forget_old(tx, now=now)


async def _load(tx: Transaction, slip: Slip) -> ServiceRequest:
    return await store.load(tx, slip.community, slip.request_id)


async def _keep(
    tx: Transaction, request: ServiceRequest, event: RequestEvent, *, note: str = ""
) -> None:
    """Store a step of the person who asked, and that it came by the slip."""
    step = Step(event.name, request.requester_id, request.updated_at, note, via="slip")
    await store.save(tx, request, step, event)
