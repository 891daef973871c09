"""Who lives in my grid: its buildings, their households, and the page of one of them."""

import asyncio
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.grid.mine import my_grid
from services.console.pages.parts.called import called
from services.console.pages.parts.part import part
from services.console.pages.parts.places import title_of
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["household_page", "router"]

router = APIRouter()

PAGE: Final = 50
VISITS_SHOWN: Final = 10
VISITS: Final = {
    "visit": N_("上门"),
    "phone_call": N_("打电话"),
    "notice_delivered": N_("送通知"),
}


@router.get("/households")
async def households(visitor: SignedIn, building: str = "", after: UUID | None = None) -> Response:
    """The buildings of my grid; the households of the one that was chosen."""
    mine = await my_grid(visitor)
    chosen = mine.building(building)
    found = None
    if chosen:
        ask = visitor.services.directory.list_households
        call = ask(visitor.caller, visitor.community, chosen, after=after, limit=PAGE)
        found = await part(call)
    return visitor.page("grid/households.html", mine=mine, chosen=chosen, households=found)


@router.get("/households/{household}")
async def household(visitor: SignedIn, household: UUID) -> Response:
    """Who lives there, when somebody was there, and the form for a visit."""
    return await household_page(visitor, household)


async def household_page(
    visitor: Visitor, household: UUID, status: int = 200, **context: Any
) -> Response:
    """The page of a household. Raises Refused when there is none, or Unavailable."""
    ask = visitor.services.directory
    who = visitor.caller, visitor.community
    place, known, people, visits = await asyncio.gather(
        ask.get_place(*who, household),
        part(title_of(visitor, household)),
        part(ask.list_people(*who, place_id=household, limit=PAGE)),
        part(ask.list_visits(*who, place_id=household, limit=VISITS_SHOWN)),
    )
    who_came = {one.visited_by for one in visits.value.items} if visits.value else set[UUID]()
    given: dict[str, Any] = {"sent": None, **context}
    return visitor.page(
        "grid/household.html",
        status,
        place=place,
        title=known.value.title if known.value else place.title,
        building=known.value.building_id if known.value else None,
        people=people,
        visits=visits,
        names=(await called(visitor, who_came)).names,
        done=visitor.parameter("done"),
        visit_words=VISITS,
        **given,
    )
