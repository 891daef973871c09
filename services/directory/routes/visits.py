"""Visits (走访): logged at the door, read by those who come next."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import Field

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.grids import on_the_ground
from services.directory.routes.views.grids import AddedVisitView, NewVisit, VisitView
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/visits", route_class=Door)


class Filters(PageQuery):
    """Which visits."""

    place_id: UUID | None = Field(
        default=None, description="To this place and what lies in it; none: wherever you may look."
    )
    wants_follow_up: bool | None = None


@router.post("", status_code=status.HTTP_201_CREATED)
async def log_visit(
    community: CommunityPath,
    new: NewVisit,
    caller: Annotated[Caller, may("log visits")],
    tx: Tx,
) -> AddedVisitView:
    """Log a visit, a phone call or a notice that was handed over; grid workers in their grid."""
    visit = await actions.log_visit(tx, on_the_ground(caller, community), new.logged())
    return AddedVisitView(id=visit.id)


@router.get("")
async def list_visits(
    community: CommunityPath,
    caller: Annotated[Caller, may("see visits")],
    tx: Tx,
    filters: Annotated[Filters, Query()],
) -> Page[VisitView]:
    """Visits, last logged first; grid workers see those of their grid."""
    found = await actions.list_visits(
        tx,
        on_the_ground(caller, community),
        store.VisitSearch(
            community,
            within=filters.place_id,
            wants_follow_up=filters.wants_follow_up,
            after=filters.after,
            limit=filters.limit,
        ),
    )
    views = [VisitView.of(one) for one in found]
    return Page[VisitView].of(views, [one.id for one in found], filters.limit)
