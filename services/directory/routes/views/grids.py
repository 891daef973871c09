"""Grids on a map, their households and visits, as callers send and see them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.directory import actions
from services.directory.domain import Boundary, Place, Visit, VisitKind
from services.directory.routes.views.neighbourhood import PlaceView
from services.directory.store import Household
from shared.fields import Payload, Words

__all__ = [
    "AddedVisitView",
    "BoundaryTerms",
    "GridView",
    "HouseholdView",
    "MyGridView",
    "NewVisit",
    "VisitView",
]

Degrees = Annotated[float, Field(allow_inf_nan=False)]
Position = Annotated[list[Degrees], Field(min_length=2, max_length=2)]
"""Longitude, latitude in WGS-84."""

SQUARE = [[[113.91, 30.92], [113.92, 30.92], [113.92, 30.93], [113.91, 30.93], [113.91, 30.92]]]


class Polygon(Payload):
    """A GeoJSON Polygon: closed rings, the outer one first (RFC 7946)."""

    type: Literal["Polygon"]
    coordinates: list[list[Position]] = Field(examples=[SQUARE])


class MultiPolygon(Payload):
    """Several areas as one."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[list[Position]]]


Area = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


class BoundaryTerms(Payload):
    """Where a place ends."""

    boundary: Area | None = Field(
        description="At most 500 points in WGS-84; null: the place has none any more."
    )

    def wanted(self) -> Boundary | None:
        """For the action."""
        return None if self.boundary is None else self.boundary.model_dump()


class GridView(PlaceView):
    """A grid, for a map or the table beside it."""

    boundary: Area | None

    @classmethod
    def drawn(cls, place: Place) -> "GridView":
        """The view of a grid, or of another place that has a boundary."""
        view = PlaceView.of(place, place.id if place.kind == "grid" else None)
        return cls.model_validate({**view.model_dump(), "boundary": place.boundary})


class MyGridView(BaseModel):
    """The grid worker's own grid."""

    grid: GridView
    places: list[PlaceView] = Field(description="Micro-grids, compounds and buildings in it.")


class HouseholdView(BaseModel):
    """A household: how many, and never who."""

    id: UUID
    title: str
    code: str
    parent_id: UUID
    members: int = Field(description="Members of the community who live there.")
    last_visited_at: datetime | None

    @classmethod
    def of(cls, household: Household) -> "HouseholdView":
        """The view of a household."""
        return cls.model_validate(household, from_attributes=True)


class NewVisit(Payload):
    """A visit that was paid."""

    place_id: UUID = Field(description="A household, an entrance or a building.")
    kind: VisitKind = "visit"
    visited_at: AwareDatetime | None = Field(default=None, description="None: now.")
    note: Annotated[Words, Field(max_length=500)] = ""
    wants_follow_up: bool = False

    def logged(self) -> actions.Logged:
        """For the action."""
        return actions.Logged(**self.model_dump())


class AddedVisitView(BaseModel):
    """A visit that was logged. This answer may be kept, so it repeats nothing of the note."""

    id: UUID


class VisitView(BaseModel):
    """A visit."""

    id: UUID
    place_id: UUID
    kind: VisitKind
    visited_at: datetime
    note: str
    wants_follow_up: bool
    visited_by: UUID

    @classmethod
    def of(cls, visit: Visit) -> "VisitView":
        """The view of a visit."""
        return cls.model_validate(visit, from_attributes=True)
