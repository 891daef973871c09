"""The place tree of a community."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import Field

from services.directory import actions, store
from services.directory.domain import Place
from services.directory.permissions import may
from services.directory.routes.views.neighbourhood import NewPlace, PlaceTerms, PlaceView
from shared.database import Transaction
from shared.door import Door, Edition, Tx
from shared.events.directory import PlaceKind
from shared.fields import CommunityPath, Words
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/places", route_class=Door)


class Filters(PageQuery):
    """Which places."""

    kind: PlaceKind | None = None
    parent_id: UUID | None = None
    q: Words | None = Field(default=None, description="Part of a title, or how a code begins.")


@router.get("", dependencies=[may("see places")])
async def list_places(
    community: CommunityPath, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[PlaceView]:
    """Places, newest first."""
    found = await store.places(
        tx,
        store.PlaceSearch(
            community=community,
            kind=filters.kind,
            parent_id=filters.parent_id,
            words=filters.q or None,
            after=filters.after,
            limit=filters.limit,
        ),
    )
    grids = await store.grids_of(tx, community, [one.id for one in found])
    views = [PlaceView.of(one, grids.get(one.id)) for one in found]
    return Page[PlaceView].of(views, [one.id for one in found], filters.limit)


@router.get("/{place_id}", dependencies=[may("see places")])
async def get_place(
    community: CommunityPath, place_id: UUID, tx: Tx, edition: Edition
) -> PlaceView:
    """One place, with its version as `ETag`."""
    return edition.told(await _view(tx, await store.read_place(tx, community, place_id)))


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[may("change places")])
async def add_place(community: CommunityPath, new: NewPlace, tx: Tx, edition: Edition) -> PlaceView:
    """Add a place."""
    return edition.told(await _view(tx, await actions.add_place(tx, new.of(community))))


@router.put("/{place_id}", dependencies=[may("change places")])
async def change_place(
    community: CommunityPath, place_id: UUID, terms: PlaceTerms, tx: Tx, edition: Edition
) -> PlaceView:
    """Change a place, or move it; its kind stays."""
    wanted = replace(NewPlace(kind="household", **terms.model_dump()).of(community), id=place_id)
    changed = await actions.change_place(tx, wanted, expected=edition.expected)
    return edition.told(await _view(tx, changed))


@router.delete(
    "/{place_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[may("change places")]
)
async def remove_place(community: CommunityPath, place_id: UUID, tx: Tx, edition: Edition) -> None:
    """Remove a place that holds no other place and nobody's home."""
    await actions.remove_place(tx, community, place_id, expected=edition.expected)


async def _view(tx: Transaction, place: Place) -> PlaceView:
    grids = await store.grids_of(tx, place.community, [place.id])
    return PlaceView.of(place, grids.get(place.id))
