"""Tasks that wait for somebody: those offered to me first, then what lies near."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.console.clients.models.volunteers import TaskViewPage
from services.console.pages.access import SignedIn
from services.console.pages.parts.part import Part, part
from services.console.pages.parts.places import home_of
from services.console.pages.parts.times import ZONE
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from services.console.pages.volunteer.cards import cards_of
from shared import clock

__all__ = ["SINCE", "near", "router"]

router = APIRouter()

SHOWN: Final = 20

type Since = Literal["", "today", "week"]

SINCE: Final[dict[Since, str]] = {"": N_("全部"), "today": N_("今天新增"), "week": N_("本周新增")}
"""How new the tasks of the list are."""


class Shown(BaseModel):
    """Which tasks, as the address says it."""

    since: Since = ""
    category: str = ""

    def address(self, community: str, **changed: str) -> str:
        """The address of the list with another filter."""
        told = self.model_dump() | changed
        asked = urlencode({name: value for name, value in told.items() if value})
        return f"/in/{community}/tasks" + (f"?{asked}" if asked else "")


@router.get("")
async def board(
    visitor: SignedIn, since: Since = "", category: str = "", after: UUID | None = None
) -> Response:
    """What is offered to the visitor, and what they may take, the nearest first."""
    shown = Shown(since=since, category=category)
    offered, free, catalogue = await asyncio.gather(
        part(_offered(visitor)),
        _free(visitor, shown, after),
        part(visitor.services.requests.get_catalogue(visitor.caller, visitor.community)),
    )
    offers = offered.value.items if offered.value and after is None else []
    found = free.value.items if free.value else []
    told = await cards_of(visitor, [*offers, *found])
    return visitor.page(
        "volunteer/board.html",
        offered=offered,
        offers=told.cards[: len(offers)],
        free=free,
        cards=told.cards[len(offers) :],
        told=told,
        shown=shown,
        since_words=SINCE,
        catalogue=[one for one in catalogue.value or () if one.visibility == "public"],
        is_first=after is None,
    )


async def near(visitor: Visitor) -> UUID | None:
    """The building that the visitor lives or works in; None when it is not known now."""
    home = await part(home_of(visitor))
    return home.value.id if home.value else None


async def _offered(visitor: Visitor) -> TaskViewPage:
    ask = visitor.services.volunteers.list_tasks
    return await ask(visitor.caller, visitor.community, board="offered", limit=SHOWN)


async def _free(visitor: Visitor, shown: Shown, after: UUID | None) -> Part[TaskViewPage]:
    ask = visitor.services.volunteers.list_tasks
    return await part(
        ask(
            visitor.caller,
            visitor.community,
            board="free",
            category=[shown.category] if shown.category else None,
            since=_first_moment(shown.since),
            near=await near(visitor),
            after=after,
            limit=SHOWN,
        )
    )


def _first_moment(since: Since) -> datetime | None:
    """When today, or this week, began in the neighbourhood."""
    today = clock.now().astimezone(ZONE).date()
    match since:
        case "today":
            day = today
        case "week":
            day = today - timedelta(days=today.weekday())
        case "":
            return None
    return datetime.combine(day, time(), ZONE)
