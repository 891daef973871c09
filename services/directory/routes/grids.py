"""Grids: on the map, and as the place where somebody works."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.directory import actions, store
from services.directory.actions import OnTheGround
from services.directory.permissions import EVERYWHERE, may
from services.directory.routes.views.grids import (
    BoundaryTerms,
    GridView,
    HouseholdView,
    MyGridView,
)
from services.directory.routes.views.neighbourhood import PlaceView
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageOf

__all__ = ["on_the_ground", "router"]

router = APIRouter(route_class=Door)


def on_the_ground(caller: Caller, community: str) -> OnTheGround:
    """Who asks about homes; a grid worker is bound to the own grid, other staff are not."""
    is_bound = not caller.roles_in(community) & EVERYWHERE
    return OnTheGround(community, caller.person_id, is_bound)


@router.get("/places/grids", dependencies=[may("see places")])
async def list_grids(community: CommunityPath, tx: Tx) -> list[GridView]:
    """All grids with their boundaries, for a map; a place's `grid_id` says which one it is in."""
    return [GridView.drawn(one) for one in await store.grids(tx, community)]


@router.put("/places/{place_id}/boundary", dependencies=[may("change places")])
async def put_boundary(
    community: CommunityPath, place_id: UUID, terms: BoundaryTerms, tx: Tx, edition: Edition
) -> GridView:
    """Draw the boundary of a place anew, or take it away; other services never see it."""
    place = await actions.draw_boundary(
        tx, community, place_id, terms.wanted(), expected=edition.expected
    )
    return edition.told(GridView.drawn(place))


@router.get("/places/{place_id}/households")
async def list_households(
    community: CommunityPath,
    place_id: UUID,
    caller: Annotated[Caller, may("see households")],
    tx: Tx,
    page: PageOf,
) -> Page[HouseholdView]:
    """The households of a place, in the order they were added; for grid workers in their grid."""
    found = await actions.list_households(
        tx,
        on_the_ground(caller, community),
        store.HouseholdSearch(community, place_id, after=page.after, limit=page.limit),
    )
    views = [HouseholdView.of(one) for one in found]
    return Page[HouseholdView].of(views, [one.id for one in found], page.limit)


@router.get("/my-grid")
async def get_my_grid(
    community: CommunityPath, caller: Annotated[Caller, may("have a grid")], tx: Tx
) -> MyGridView:
    """The grid of the caller's place and what it holds; its households are a list of their own."""
    grid = await actions.own_grid(tx, community, caller.person_id)
    places = await store.places_of_grid(tx, community, grid.id)
    return MyGridView(
        grid=GridView.drawn(grid), places=[PlaceView.of(one, grid.id) for one in places]
    )


@router.get("/my-grid/households")
async def list_my_households(
    community: CommunityPath,
    caller: Annotated[Caller, may("have a grid")],
    tx: Tx,
    page: PageOf,
) -> Page[HouseholdView]:
    """The households of the caller's grid, in the order they were added."""
    grid = await actions.own_grid(tx, community, caller.person_id)
    found = await store.households(
        tx, store.HouseholdSearch(community, grid.id, after=page.after, limit=page.limit)
    )
    views = [HouseholdView.of(one) for one in found]
    return Page[HouseholdView].of(views, [one.id for one in found], page.limit)
