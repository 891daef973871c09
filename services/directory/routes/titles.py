"""What a page calls places."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.directory import store
from services.directory.permissions import may
from shared.door import Door, Tx
from shared.events.directory import PlaceKind
from shared.fields import CommunityPath, Words

__all__ = ["router"]

router = APIRouter(prefix="/places", route_class=Door)


class Wanted(BaseModel):
    """Titles of which places: of these, or of those that words mean."""

    ids: list[UUID] = Field(default_factory=list[UUID], max_length=100)
    q: Words | None = Field(
        default=None,
        description="Each word stands in the title; without `ids`. Down to the building.",
        examples=["文化路1号院 3栋"],
    )
    limit: int = Field(default=20, ge=1, le=100, description="How many `q` finds at most.")


class PlaceTitleView(BaseModel):
    """What a place is called."""

    id: UUID
    kind: PlaceKind
    title: str = Field(
        description="From the compound down.", examples=["文化路1号院 3栋", "第一网格"]
    )
    building_id: UUID | None = Field(description="The building that it is, or lies in.")
    grid_id: UUID | None = Field(description="The grid that it is, or lies in.")
    grid_title: str | None

    @classmethod
    def of(cls, title: store.PlaceTitle) -> "PlaceTitleView":
        """The view of a title."""
        return cls.model_validate(title, from_attributes=True)


@router.get("/titles", dependencies=[may("see places")])
async def list_titles(
    community: CommunityPath, tx: Tx, wanted: Annotated[Wanted, Query()]
) -> list[PlaceTitleView]:
    """Titles of up to 100 places, for a page or a place picker; strangers' ids are left out."""
    if wanted.ids:
        found = await store.place_titles(tx, community, wanted.ids)
    else:
        found = await store.found_titles(tx, community, wanted.q or "", limit=wanted.limit)
    return [PlaceTitleView.of(one) for one in found]
