"""The grids of the community: a map, and a table that says the same."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients.models.directory import GridView as Drawn
from services.console.clients.models.requests import GridView as Counted
from services.console.pages.access import SignedIn
from services.console.pages.parts.area_map import drawing
from services.console.pages.parts.navigation import COORDINATORS
from services.console.pages.parts.part import part
from services.console.pages.texts import N_

__all__ = ["LEVELS", "Grid", "grids", "level", "router"]

router = APIRouter()

LEVELS: Final[Mapping[str, str]] = {
    "calm": N_("没有未结"),
    "open": N_("有未结"),
    "overdue": N_("有超期"),
    "many": N_("超期较多（三分之一以上）"),
    "unknown": N_("不清楚"),
}
"""How a grid stands, in words: the map says the same by pattern and colour."""

MANY: Final = 3
"""One overdue of so many that are open is much."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One line of the table; what could not be asked is None."""

    number: int
    """What the map calls it where its title has no room."""
    id: UUID | None
    """None: whatever lies in no grid."""
    title: str
    counted: Counted | None
    is_drawn: bool

    @property
    def level(self) -> str:
        """One of LEVELS."""
        return level(self.counted)


def level(counted: Counted | None) -> str:
    """How a grid stands; None: nobody could be asked."""
    if counted is None:
        return "unknown"
    if counted.overdue * MANY >= counted.open and counted.overdue:
        return "many"
    if counted.overdue:
        return "overdue"
    return "open" if counted.open else "calm"


def grids(drawn: Sequence[Drawn] | None, counted: Sequence[Counted] | None) -> list[Grid]:
    """What the directory draws and the requests count, each grid once, by title.

    What lies in no grid comes last; a service that was not reached leaves its side empty.
    """
    counts = {one.grid_id: one for one in counted or ()}
    titles = {one.grid_id: one.title or "" for one in counted or ()}
    titles |= {one.id: one.title for one in drawn or ()}
    with_boundary = {one.id for one in drawn or () if one.boundary is not None}
    ranked = sorted(titles, key=lambda one: (one is None, titles[one], str(one)))
    return [
        Grid(
            number,
            one,
            titles[one],
            None if counted is None else counts.get(one) or _nothing(one),
            is_drawn=one in with_boundary,
        )
        for number, one in enumerate(ranked, start=1)
    ]


def _nothing(grid_id: UUID | None) -> Counted:
    """A grid that the requests have not heard of yet."""
    return Counted(grid_id=grid_id, title=None, open=0, overdue=0, closed=0)


@router.get("/map")
async def map_of_grids(visitor: SignedIn) -> Response:
    """Every grid by how many of its requests are open and overdue."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    drawn, counted = await asyncio.gather(
        part(services.directory.list_grids(caller, community)),
        part(services.requests.list_grids(caller, community)),
    )
    found = grids(drawn.value, counted.value)
    return visitor.page(
        "register/map.html",
        drawn=drawn,
        counted=counted,
        grids=found,
        by_id={one.id: one for one in found},
        drawing=drawing({one.id: one.boundary for one in drawn.value or ()}),
        levels=LEVELS,
        has_desk=bool(visitor.roles & COORDINATORS),
    )
