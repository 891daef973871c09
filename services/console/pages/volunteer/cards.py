"""Tasks as a helper reads them: what is to be done, where, until when, and what it earns."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.console.clients.models.points import RuleView
from services.console.clients.models.requests import CategoryView, RequestView
from services.console.clients.models.volunteers import AssignmentView, Taker, TaskView
from services.console.pages.parts.called import Called, called
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor
from shared import clock

__all__ = ["Card", "Cards", "cards_of", "organisations_of", "own_place"]


@dataclass(frozen=True, slots=True)
class Card:
    """A task with what other services know of it; None: unknown, or not to be had now."""

    task: TaskView
    request: RequestView | None
    place: str
    category: CategoryView | None
    rule: RuleView | None
    """What it earns, by the rule in force now."""
    own: AssignmentView | None
    """The place that the visitor holds, or one of their organisations."""
    offered_to: Taker | None
    """The visitor or an organisation of theirs, while it waits for their answer."""

    @property
    def taken(self) -> int:
        """How many stand already."""
        return max(0, self.task.takers_wanted - self.task.places_free)

    @property
    def is_free(self) -> bool:
        """Whether a place is free for whoever comes first."""
        return self.task.offered_to is None and self.task.places_free > 0

    @property
    def is_over(self) -> bool:
        """Whether nothing moves any more."""
        return self.task.state in {"closed", "void"}


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of a list, in its order."""

    cards: Sequence[Card]
    names: Mapping[UUID, str]
    """Of the people and organisations in them."""
    is_whole: bool
    """Whether all services answered."""


async def cards_of(visitor: Visitor, tasks: Sequence[TaskView]) -> Cards:
    """Everything around some tasks, at most a hundred, asked for all at once."""
    requests, categories, rules, told = await asyncio.gather(
        part(_requests(visitor, tasks)),
        part(visitor.services.requests.get_catalogue(visitor.caller, visitor.community)),
        part(visitor.services.points.get_rules(visitor.caller, visitor.community)),
        called(visitor, _people(visitor, tasks), [one.place_id for one in tasks]),
    )
    by_id = {one.id: one for one in requests.value or ()}
    by_code = {one.code: one for one in categories.value or ()}
    now = clock.now()
    in_force = {one.code: one for one in rules.value or () if one.valid_from <= now}
    cards = [_card(visitor, one, by_id, by_code, in_force, told) for one in tasks]
    answered = [requests, categories, rules]
    is_whole = told.is_whole and all(one.is_there for one in answered)
    return Cards(cards, told.names, is_whole)


def organisations_of(visitor: Visitor) -> Sequence[UUID]:
    """For which organisations of the community the visitor may act."""
    standing = visitor.who.memberships.get(visitor.community) if visitor.who else None
    return sorted(standing.organisation_ids) if standing else []


async def _requests(visitor: Visitor, tasks: Sequence[TaskView]) -> Sequence[RequestView]:
    if not tasks:
        return []
    wanted = sorted({one.request_id for one in tasks})
    ask = visitor.services.requests.list_requests
    found = await ask(visitor.caller, visitor.community, ids=wanted, limit=len(wanted))
    return found.items


def _people(visitor: Visitor, tasks: Iterable[TaskView]) -> set[UUID | None]:
    """Whose names the cards say: who asks, who goes, and one's own organisations."""
    people: set[UUID | None] = set(organisations_of(visitor))
    for task in tasks:
        people.add(task.requester_id)
        people.update(one.person_id for one in task.assignments)
    return people


def _card(
    visitor: Visitor,
    task: TaskView,
    requests: Mapping[UUID, RequestView],
    categories: Mapping[str, CategoryView],
    rules: Mapping[str, RuleView],
    told: Called,
) -> Card:
    request = requests.get(task.request_id)
    place = told.places.get(task.place_id) if task.place_id else None
    rule = rules.get(request.points_rule or "") if request else None
    own = own_place(visitor, task)
    category = categories.get(task.category)
    offered_to = None if own else _offered_to(visitor, task)
    return Card(task, request, place.title if place else "", category, rule, own, offered_to)


def own_place(visitor: Visitor, task: TaskView) -> AssignmentView | None:
    """The visitor's own place, else that of an organisation of theirs."""
    standing = [one for one in task.assignments if one.state != "declined"]
    me = visitor.who.id if visitor.who else None
    theirs = {me, *organisations_of(visitor)}
    held = [one for one in standing if one.taker.id in theirs]
    return min(held, key=lambda one: one.taker.id != me, default=None)


def _offered_to(visitor: Visitor, task: TaskView) -> Taker | None:
    offered = task.offered_to
    if offered is None or task.state != "open" or visitor.who is None:
        return None
    is_theirs = offered.id in {visitor.who.id, *organisations_of(visitor)}
    return offered if is_theirs else None
