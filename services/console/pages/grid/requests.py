"""What is open in my grid, the most urgent first."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients.models.requests import RequestView, RequestViewPage, Status
from services.console.pages.access import SignedIn
from services.console.pages.grid.mine import Mine, my_grid
from services.console.pages.parts.part import Part, part
from services.console.pages.parts.remaining import Remaining, remaining
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared import clock
from shared.permissions import Role

__all__ = ["router"]

router = APIRouter()

PAGE: Final = 20
OPEN: Final[list[Status]] = [
    "submitted",
    "registered",
    "listed",
    "dispatched",
    "accepted",
    "in_progress",
    "resolved",
]
NEXT_STEPS: Final = {
    "submitted": N_("下一步：社区受理。"),
    "registered": N_("下一步：派给合适的人。"),
    "listed": N_("下一步：等志愿者或单位来接。"),
    "dispatched": N_("下一步：等对方接单。"),
    "accepted": N_("下一步：接单人上门。"),
    "in_progress": N_("下一步：办好后提交。"),
    "resolved": N_("下一步：核实办得怎么样。"),
}


@router.get("/grid")
async def requests(
    visitor: SignedIn, building: str = "", after: UUID | None = None, filed: UUID | None = None
) -> Response:
    """Open requests by the time that is left; `filed` is what was just settled on the spot."""
    is_worker = Role.GRID_WORKER in visitor.roles
    mine = await my_grid(visitor) if is_worker else None
    ask = visitor.services.requests
    settled = (
        await part(ask.get_request(visitor.caller, visitor.community, filed)) if filed else None
    )
    found = await _open(visitor, mine, building, after)
    return visitor.page(
        "grid/requests.html",
        mine=mine,
        building=building,
        requests=found,
        remaining={one.id: _left(one, visitor) for one in found.value.items} if found.value else {},
        settled=settled,
        next_steps=NEXT_STEPS,
    )


async def _open(
    visitor: Visitor, mine: Mine | None, building: str, after: UUID | None
) -> Part[RequestViewPage]:
    """Of one building, else of the grid; without a grid those of the community that I may see."""
    return await part(
        visitor.services.requests.list_requests(
            visitor.caller,
            visitor.community,
            status=OPEN,
            grid=(mine.building(building) or mine.id) if mine else None,
            order="due",
            limit=PAGE,
            after=after,
        )
    )


def _left(request: RequestView, visitor: Visitor) -> Remaining:
    return remaining(request, visitor.gettext, visitor.ngettext, clock.now())
