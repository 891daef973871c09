"""Volunteers: who they are, and what they can do."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, Field

from services.volunteers import actions, store
from services.volunteers.domain import Availability, Volunteer
from services.volunteers.permissions import may
from shared.database import Transaction
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
    may_take: bool = Field(
        description="Whether a role of theirs lets them take tasks. The directory gives roles."
    )

    @classmethod
    def of(cls, volunteer: Volunteer, *, may_take: bool) -> "VolunteerView":
        """The view of a volunteer."""
        return cls.model_validate({**asdict(volunteer), "may_take": may_take})


class Filters(PageQuery):
    """Which volunteers."""

    skill: Code | None = None
    state: Availability | None = None
    may_take: bool | None = Field(
        default=None, description="False: who offered to help, and waits for staff to agree."
    )


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
    return edition.told(await _view(tx, volunteer))


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
    """Members who volunteer, by person id, the greatest first, with a skill if one is asked."""
    wanted = store.VolunteerSearch(community, **filters.model_dump())
    found = await store.search_volunteers(tx, wanted)
    takers = await store.takers_among(tx, community, [one.person_id for one in found])
    views = [VolunteerView.of(one, may_take=one.person_id in takers) for one in found]
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
    return edition.told(await _view(tx, volunteer))


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
    return edition.told(await _view(tx, volunteer))


@router.get("/{person_id}", dependencies=[may("see volunteers")])
async def get_volunteer(
    community: CommunityPath, person_id: UUID, tx: Tx, edition: Edition
) -> VolunteerView:
    """One volunteer."""
    return edition.told(await _view(tx, await store.read_volunteer(tx, community, person_id)))


@router.put("/{person_id}", dependencies=[may("register others")])
async def change_other(
    community: CommunityPath, person_id: UUID, changing: Changing, tx: Tx, edition: Edition
) -> VolunteerView:
    """Write down what a volunteer told staff: what they can do now, or that they take a break."""
    volunteer = await actions.change_volunteer(
        tx,
        community,
        person_id,
        changing.offering(),
        state=changing.state,
        expected=edition.expected,
    )
    return edition.told(await _view(tx, volunteer))


async def _view(tx: Transaction, volunteer: Volunteer) -> VolunteerView:
    takers = await store.takers_among(tx, volunteer.community, [volunteer.person_id])
    return VolunteerView.of(volunteer, may_take=volunteer.person_id in takers)
