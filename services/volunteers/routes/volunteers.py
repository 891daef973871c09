"""Volunteers: who they are, and what they can do."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, Field

from services.volunteers import actions, store
from services.volunteers.domain import Availability, Volunteer
from services.volunteers.permissions import may
from shared.door import Door, Edition, Tx, Versioned
from shared.fields import Code, CommunityPath, Payload, Words
from shared.identity import Caller
from shared.pages import Page, PageQuery
from shared.permissions import STAFF

__all__ = ["Skills", "router"]

router = APIRouter(prefix="/volunteers", route_class=Door)

Skills = Annotated[tuple[Code, ...], Field(max_length=30, examples=[["repair", "errand"]])]


class Offering(Payload):
    """What a volunteer can do."""

    skills: Skills = ()
    note: Words = ""

    def offering(self) -> actions.Offering:
        """The same for the action."""
        return actions.Offering(self.skills, self.note)


class Changing(Offering):
    """What a volunteer can do from now on."""

    state: Availability = Availability.ACTIVE


class Registering(Offering):
    """A member who becomes a volunteer."""

    person_id: UUID | None = Field(default=None, description="None: oneself.")


class RegisteringMany(Offering):
    """Members who become volunteers together."""

    person_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class RegisteredView(BaseModel):
    """What came of registering many."""

    registered: int = Field(description="How many were not volunteers before.")
    known_before: int


class VolunteerView(Versioned):
    """A volunteer."""

    person_id: UUID
    skills: tuple[str, ...]
    note: str
    state: Availability
    registered_by: UUID
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, volunteer: Volunteer) -> "VolunteerView":
        """The view of a volunteer."""
        return cls.model_validate(volunteer, from_attributes=True)


class Filters(PageQuery):
    """Which volunteers."""

    skill: Code | None = None
    state: Availability | None = None


@router.post("", status_code=status.HTTP_201_CREATED)
async def register(
    community: CommunityPath,
    registering: Registering,
    caller: Annotated[Caller, may("volunteer")],
    tx: Tx,
    edition: Edition,
) -> VolunteerView:
    """Become a volunteer; staff also register other members."""
    volunteer = await actions.register(
        tx,
        community,
        registering.person_id or caller.person_id,
        registering.offering(),
        by=caller.person_id,
        is_staff=bool(caller.roles_in(community) & STAFF),
    )
    return edition.told(VolunteerView.of(volunteer))


@router.post("/bulk")
async def register_many(
    community: CommunityPath,
    registering: RegisteringMany,
    caller: Annotated[Caller, may("register others")],
    tx: Tx,
) -> RegisteredView:
    """Register up to 500 members at once; who is a volunteer already stays as they are."""
    registered = await actions.register_many(
        tx, community, registering.person_ids, registering.offering(), by=caller.person_id
    )
    known_before = len(set(registering.person_ids)) - registered
    return RegisteredView(registered=registered, known_before=known_before)


@router.get("", dependencies=[may("see volunteers")])
async def list_volunteers(
    community: CommunityPath, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[VolunteerView]:
    """Volunteers by person id, the greatest first, with a skill where one is asked for."""
    wanted = store.VolunteerSearch(community, **filters.model_dump())
    found = await store.search_volunteers(tx, wanted)
    views = [VolunteerView.of(one) for one in found]
    return Page[VolunteerView].of(views, [one.person_id for one in found], filters.limit)


@router.get("/me")
async def get_own(
    community: CommunityPath,
    caller: Annotated[Caller, may("volunteer")],
    tx: Tx,
    edition: Edition,
) -> VolunteerView:
    """Oneself as a volunteer."""
    volunteer = await store.read_volunteer(tx, community, caller.person_id)
    return edition.told(VolunteerView.of(volunteer))


@router.put("/me")
async def change_own(
    community: CommunityPath,
    changing: Changing,
    caller: Annotated[Caller, may("volunteer")],
    tx: Tx,
    edition: Edition,
) -> VolunteerView:
    """Say what one can do now, or take a break."""
    volunteer = await actions.change_volunteer(
        tx,
        community,
        caller.person_id,
        changing.offering(),
        state=changing.state,
        expected=edition.expected,
    )
    return edition.told(VolunteerView.of(volunteer))
