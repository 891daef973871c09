"""The life of a request, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from services.requests import domain, store
from services.requests.domain import Category, ServiceRequest, TaskStep
from services.requests.store import Step
from shared import clock, ids, neighbourhood
from shared.database import Transaction
from shared.events import Event, Taker, TaskCompleted
from shared.permissions import TAKERS
from shared.problems import UnknownId

__all__ = [
    "Asking",
    "Change",
    "cancel",
    "close",
    "dispatch",
    "follow_tasks",
    "note",
    "open_catalogue",
    "put_category",
    "put_on_list",
    "rate",
    "register",
    "reject",
    "reopen",
    "say_not_solved",
    "settle_on_the_spot",
    "submit",
    "verify",
]

type Terms = tuple[
    str, str, str, str | None, Literal["public", "private"], Literal["none", "note", "photo"], int
]

FIRST_CATALOGUE: Final[tuple[Terms, ...]] = (
    ("repair", "维修", "Repairs", "standard", "public", "note", 48),
    ("cleaning", "环境卫生", "Cleaning", "standard", "public", "photo", 24),
    ("errand", "代购代办", "Errands", "standard", "public", "none", 24),
    ("company", "陪伴照护", "Company and care", "standard", "private", "note", 72),
    ("learning", "文化学习", "Learning and culture", "standard", "public", "none", 168),
    ("safety", "安全隐患", "Safety", "standard", "public", "note", 4),
    ("dispute", "矛盾纠纷", "Disputes", None, "private", "note", 120),
    ("other", "其他", "Other", "standard", "private", "none", 72),
)
"""What a new community starts with, their limits in hours last; its staff change it."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asks for."""

    category: str
    description: str
    place_id: UUID
    requester_id: UUID
    note: str = ""
    """What only those need to know whom the request concerns."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes which request, and the version they have seen (None: any)."""

    community: str
    request_id: UUID
    by: UUID
    is_staff: bool = False
    expected: int | None = None


async def submit(tx: Transaction, community: str, asking: Asking, *, by: UUID) -> ServiceRequest:
    """Submit a request, for oneself or for another member. Raises UnknownId."""
    request, event = await _new(tx, community, asking, by=by)
    await store.create(tx, request, _first_step(request, asking), event)
    return request


async def settle_on_the_spot(
    tx: Transaction,
    community: str,
    asking: Asking,
    *,
    by: UUID,
    service_minutes: int,
    spoken_word: str,
) -> ServiceRequest:
    """即办: file, resolve and close in one call; `spoken_word` is the resident's confirmation."""
    request, submitted = await _new(tx, community, asking, by=by)
    await store.create(tx, request, _first_step(request, asking), submitted)
    resolved, closed, closing = domain.settle_on_the_spot(
        request, by=by, service_minutes=service_minutes, now=clock.now()
    )
    await store.save(tx, resolved, Step("resolved", by, resolved.updated_at))
    await store.save(tx, closed, Step("closed", by, closed.updated_at, spoken_word), closing)
    await store.save_handlers(tx, closed)
    return closed


async def register(
    tx: Transaction, change: Change, *, category: str | None = None
) -> ServiceRequest:
    """Take a request in, as another category where one is named. Raises UnknownId."""
    request = await _load(tx, change)
    terms = await _category(tx, change.community, category) if category else None
    decided = domain.register(request, category=terms, now=clock.now())
    return await _keep(tx, "registered", change, *decided)


async def reject(tx: Transaction, change: Change, *, reason: str) -> ServiceRequest:
    """Refuse a request; the reason stays in its history."""
    request = await _load(tx, change)
    decided = domain.reject(request, reason=reason, now=clock.now())
    return await _keep(tx, "rejected", change, *decided, note=reason)


async def put_on_list(
    tx: Transaction, change: Change, *, takers_wanted: int | None
) -> ServiceRequest:
    """Publish a request on the need list."""
    request = await _load(tx, change)
    decided = domain.put_on_list(request, takers_wanted=takers_wanted, now=clock.now())
    return await _keep(tx, "listed", change, *decided)


async def dispatch(tx: Transaction, change: Change, *, taker: Taker) -> ServiceRequest:
    """Offer a request to a person who may take requests, or to an organisation.

    Raises UnknownId.
    """
    request = await _load(tx, change)
    if taker.kind == "person":
        known = await neighbourhood.roles_of(tx, change.community, taker.id) & TAKERS
    else:
        known = await neighbourhood.knows_organisation(tx, change.community, taker.id)
    if not known:
        raise UnknownId("taker")
    decided = domain.dispatch(request, taker=taker, now=clock.now())
    return await _keep(tx, "dispatched", change, *decided)


async def note(tx: Transaction, change: Change, *, words: str) -> ServiceRequest:
    """Write down what only staff read."""
    noted = domain.note(await _load(tx, change), now=clock.now())
    await store.save(tx, noted, Step(store.NOTED, change.by, noted.updated_at, words))
    return noted


async def cancel(tx: Transaction, change: Change, *, reason: str) -> ServiceRequest:
    """Withdraw a request."""
    request = await _load(tx, change)
    decided = domain.cancel(request, by=change.by, is_staff=change.is_staff, now=clock.now())
    return await _keep(tx, "cancelled", change, *decided, note=reason)


async def verify(tx: Transaction, change: Change, *, passed: bool, note: str) -> ServiceRequest:
    """Say whether the work is good."""
    request = await _load(tx, change)
    decided = domain.verify(request, by=change.by, passed=passed, now=clock.now())
    return await _keep(tx, "verified" if passed else "reworked", change, *decided, note=note)


async def close(tx: Transaction, change: Change) -> ServiceRequest:
    """Confirm that the request is done."""
    request = await _load(tx, change)
    decided = domain.close(request, by=change.by, is_staff=change.is_staff, now=clock.now())
    return await _keep(tx, "closed", change, *decided)


async def rate(tx: Transaction, change: Change, *, stars: int, note: str) -> ServiceRequest:
    """Say how it went."""
    request = await _load(tx, change)
    decided = domain.rate(request, by=change.by, stars=stars, now=clock.now())
    return await _keep(tx, "rated", change, *decided, note=note)


async def reopen(tx: Transaction, change: Change, *, reason: str) -> ServiceRequest:
    """Open a closed request again."""
    request = await _load(tx, change)
    decided = domain.reopen(request, by=change.by, is_staff=change.is_staff, now=clock.now())
    reopened = await _keep(tx, "reopened", change, *decided, note=reason)
    await store.save_handlers(tx, reopened)
    return reopened


async def say_not_solved(tx: Transaction, change: Change, *, reason: str) -> ServiceRequest:
    """Send it back to its takers, or open it again when it is closed."""
    request = await _load(tx, change)
    unsolved, event = domain.say_not_solved(request, by=change.by, reason=reason, now=clock.now())
    await store.save_handlers(tx, unsolved)
    return await _keep(tx, event.name, change, unsolved, event, note=reason)


async def follow_tasks(tx: Transaction, tasks: Sequence[TaskStep]) -> None:
    """Move requests with the steps of their tasks; late steps change nothing."""
    for task in sorted(tasks, key=lambda one: (one.community, one.request_id, one.version)):
        request = await store.load(tx, task.community, task.request_id)
        followed = domain.follow_task(request, task, now=clock.now())
        if followed is None:
            continue
        moved, events = followed
        by = None if isinstance(task, TaskCompleted) else task.person_id
        step = Step(task.name.removeprefix("task_"), by, moved.updated_at)
        told = [one.model_copy(update={"caused_by": task.event_id}) for one in events]
        await store.save(tx, moved, step, *told)
        if moved.handlers != request.handlers:
            await store.save_handlers(tx, moved)


async def put_category(tx: Transaction, category: Category) -> None:
    """Add a category or change its terms."""
    await store.put_category(tx, category)


async def open_catalogue(tx: Transaction, communities: Sequence[str]) -> None:
    """Give new communities the catalogue they start with."""
    if communities:
        await store.seed_catalogue(
            tx, [Category(one, *terms) for one in sorted(communities) for terms in FIRST_CATALOGUE]
        )


async def _new(
    tx: Transaction, community: str, asking: Asking, *, by: UUID
) -> tuple[ServiceRequest, Event]:
    """A request that is not stored yet. Raises UnknownId."""
    category = await _category(tx, community, asking.category)
    if not await neighbourhood.knows_place(tx, community, asking.place_id):
        raise UnknownId("place_id")
    if asking.requester_id != by and not await neighbourhood.knows_member(
        tx, community, asking.requester_id
    ):
        raise UnknownId("requester_id")
    now = clock.now()
    number = await store.next_number(tx, community, now.astimezone(domain.LOCAL_TIME).year)
    return domain.submit(
        category,
        request_id=ids.new_id(),
        number=number,
        description=asking.description,
        place_id=asking.place_id,
        requester_id=asking.requester_id,
        filed_by=by,
        now=now,
    )


async def _category(tx: Transaction, community: str, code: str) -> Category:
    """A category that can be chosen. Raises UnknownId."""
    category = await store.category(tx, community, code)
    if category is None:
        raise UnknownId("category")
    return category


def _first_step(request: ServiceRequest, asking: Asking) -> Step:
    return Step("submitted", request.filed_by, request.created_at, asking.note)


async def _load(tx: Transaction, change: Change) -> ServiceRequest:
    return await store.load(tx, change.community, change.request_id, expected=change.expected)


async def _keep(
    tx: Transaction,
    kind: str,
    change: Change,
    request: ServiceRequest,
    event: Event,
    *,
    note: str = "",
) -> ServiceRequest:
    """Store a decided step and tell of it."""
    await store.save(tx, request, Step(kind, change.by, request.updated_at, note), event)
    return request
