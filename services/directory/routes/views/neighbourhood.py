"""Communities, places and organisations, as callers send and see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.directory.domain import (
    Community,
    CompoundType,
    Organisation,
    Place,
    Report,
)
from shared.door import Versioned
from shared.events.directory import PlaceKind
from shared.fields import Code, Line, Payload, Slug

__all__ = [
    "CommunityTerms",
    "CommunityView",
    "NewCommunity",
    "NewPlace",
    "OrganisationTerms",
    "OrganisationView",
    "PlaceTerms",
    "PlaceView",
    "ReportView",
]

LocalCode = Annotated[Line, StringConstraints(max_length=40)]
"""What files and signs call something."""

UNSET = UUID(int=0)
"""In the place of an id that the action gives."""


class CommunityTerms(Payload):
    """What is said about a community."""

    title: Line = Field(examples=["文化路社区"])
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,8}$")] = Field(
        description="Begins the numbers of its requests.", examples=["WH"]
    )
    district: Line | None = Field(default=None, examples=["孝南区"])
    subdistrict: Line | None = Field(default=None, examples=["书院街道"])
    region_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None = Field(
        default=None, description="The 12-digit code of the statistics office."
    )
    compound_type: CompoundType | None = Field(
        default=None, description="What a new compound is when nothing else is said."
    )

    def of(self, slug: str) -> Community:
        """The community these terms are for."""
        return Community(community=slug, root_id=UNSET, **self.model_dump(exclude={"slug"}))


class NewCommunity(CommunityTerms):
    """A community to open."""

    slug: Slug = Field(examples=["wenhua"])


class CommunityView(Versioned):
    """A community."""

    slug: str
    title: str
    prefix: str
    root_id: UUID = Field(description="The root of its places.")
    district: str | None
    subdistrict: str | None
    region_code: str | None
    compound_type: CompoundType | None

    @classmethod
    def of(cls, community: Community) -> "CommunityView":
        """The view of a community."""
        return cls(
            slug=community.community,
            title=community.title,
            prefix=community.prefix,
            root_id=community.root_id,
            district=community.district,
            subdistrict=community.subdistrict,
            region_code=community.region_code,
            compound_type=community.compound_type,
            version=community.version,
        )


class PlaceTerms(Payload):
    """What can change about a place."""

    title: Line = Field(examples=["3栋"])
    code: LocalCode = Field(description="Unique in the community.", examples=["yuhui-3"])
    parent_id: UUID | None = Field(
        default=None, description="A place of a higher kind; none: as it is, at first the root."
    )
    compound_type: CompoundType | None = Field(default=None, description="Of compounds only.")


class NewPlace(PlaceTerms):
    """A place to add."""

    kind: PlaceKind

    def of(self, community: str) -> Place:
        """The place that is wanted."""
        return Place(community=community, id=UNSET, **self.model_dump())


class PlaceView(Versioned):
    """A place."""

    id: UUID
    kind: PlaceKind
    parent_id: UUID | None
    title: str
    code: str
    compound_type: CompoundType | None
    grid_id: UUID | None = Field(description="The grid in which it lies.")
    service_phone: str | None = Field(description="Its own duty line, of communities and grids.")

    @classmethod
    def of(cls, place: Place, grid_id: UUID | None) -> "PlaceView":
        """The view of a place."""
        return cls(
            id=place.id,
            kind=place.kind,
            parent_id=place.parent_id,
            title=place.title,
            code=place.code,
            compound_type=place.compound_type,
            grid_id=grid_id,
            service_phone=place.service_phone,
            version=place.version,
        )


class OrganisationTerms(Payload):
    """What is said about an organisation."""

    kind: Code = Field(examples=["resident_unit"])
    title: Line = Field(examples=["区税务局"])
    code: LocalCode = Field(description="Unique in the community.", examples=["tax"])

    def of(self, community: str, organisation_id: UUID = UNSET) -> Organisation:
        """The organisation that is wanted."""
        return Organisation(community=community, id=organisation_id, **self.model_dump())


class OrganisationView(Versioned):
    """An organisation."""

    id: UUID
    kind: str
    title: str
    code: str

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationView":
        """The view of an organisation."""
        return cls.model_validate(organisation, from_attributes=True)


class RowErrorView(BaseModel):
    """One mistake of a file. Row 1 is the header."""

    row: int
    column: str
    reason_zh: str
    reason_en: str


class IssuedCodeView(BaseModel):
    """A one-time code for the person of a row; it is shown this once."""

    row: int
    person_id: UUID
    code: str
    expires_at: datetime


class RowChangeView(BaseModel):
    """What a row would do. Nothing of what it says is repeated."""

    row: int
    is_new: bool
    columns: list[str] = Field(description="What it would change; empty for a new one.")


class ReportView(BaseModel):
    """What an import did, or in a dry run would do."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    errors: list[RowErrorView]
    invitations: list[IssuedCodeView]
    changes: list[RowChangeView] = Field(description="Of a dry run only: row by row.")

    @classmethod
    def of(cls, report: Report) -> "ReportView":
        """The view of a report."""
        return cls.model_validate(report, from_attributes=True)
