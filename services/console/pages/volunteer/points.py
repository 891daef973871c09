"""What a helper earned: the balance, and each line of the statement with its reason."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients.models.points import AccountView, LineView, LineViewPage
from services.console.clients.models.volunteers import TaskView
from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor
from services.console.pages.volunteer.cards import Card, cards_of, organisations_of

__all__ = ["router"]

router = APIRouter()

SHOWN: Final = 20
MOST_WAITING: Final = 100

type Cycle = tuple[UUID, int]
"""A request and which time it was done: one task."""


@router.get("/points")
async def points(visitor: SignedIn, of: UUID | None = None, after: UUID | None = None) -> Response:
    """The visitor's own points, or those of an organisation of theirs (`of`)."""
    account, lines, waiting, hours = await asyncio.gather(
        part(_account(visitor, of)),
        part(_lines(visitor, of, after)),
        part(_waiting(visitor, of)),
        part(visitor.services.volunteers.get_own_hours(visitor.caller, visitor.community, limit=1)),
    )
    tasks = await part(_tasks(visitor, lines.value.items if lines.value else []))
    told = await cards_of(visitor, tasks.value or [])
    cards: Mapping[Cycle, Card] = {(one.task.request_id, one.task.cycle): one for one in told.cards}
    return visitor.page(
        "volunteer/points.html",
        of=of,
        organisations={one: told.names.get(one, "") for one in organisations_of(visitor)},
        account=account,
        lines=lines,
        waiting=waiting,
        hours=hours,
        cards=cards,
        is_first=after is None,
    )


async def _account(visitor: Visitor, of: UUID | None) -> AccountView:
    ask, caller = visitor.services.points, visitor.caller
    if of is None:
        return await ask.get_my_account(caller, visitor.community)
    return await ask.get_organisation_account(caller, visitor.community, of)


async def _lines(visitor: Visitor, of: UUID | None, after: UUID | None) -> LineViewPage:
    ask, caller, community = visitor.services.points, visitor.caller, visitor.community
    if of is None:
        return await ask.get_my_statement(caller, community, after=after, limit=SHOWN)
    return await ask.get_organisation_statement(caller, community, of, after=after, limit=SHOWN)


async def _waiting(visitor: Visitor, of: UUID | None) -> int:
    """How many tasks are done and wait to be confirmed, at most a hundred."""
    ask = visitor.services.volunteers.list_tasks
    found = await ask(
        visitor.caller, visitor.community, board="held", state=["completed"], limit=MOST_WAITING
    )
    holder = of or (visitor.who.id if visitor.who else None)
    return sum(any(place.taker.id == holder for place in one.assignments) for one in found.items)


async def _tasks(visitor: Visitor, lines: Sequence[LineView]) -> Sequence[TaskView]:
    """The tasks that the lines are about."""
    wanted = sorted({one.request_id for one in lines})
    if not wanted:
        return []
    ask = visitor.services.volunteers.list_tasks
    found = await ask(
        visitor.caller, visitor.community, board="held", request_ids=wanted, limit=MOST_WAITING
    )
    return found.items
