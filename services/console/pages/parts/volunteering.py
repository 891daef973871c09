"""What a volunteer can do: the same form for oneself and, at the desk, for somebody else."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from services.console.clients import Refused
from services.console.clients.models.volunteers import VolunteerView
from services.console.pages.parts.categories import category_titles
from services.console.pages.parts.forms import VersionedForm
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

__all__ = [
    "FIELDS",
    "OfferingForm",
    "Registration",
    "offering_of",
    "registration",
    "skills_offered",
]

FIELDS: Final = {"skills": "skills", "note": "note", "state": "state"}
NOT_FOUND: Final = 404


class OfferingForm(VersionedForm):
    """Skills as they were ticked, some words, and whether one can be asked now."""

    skills: list[str] = Field(default_factory=list[str])
    note: str = ""
    state: str = "active"

    def offering(self) -> dict[str, Any]:
        """What registering takes."""
        return {"skills": self.skills, "note": self.note}

    def change(self) -> dict[str, Any]:
        """What a change takes."""
        return self.offering() | {"state": self.state}


class Registration(BaseModel):
    """How somebody is known to the volunteers service; None: not at all."""

    volunteer: VolunteerView | None


async def registration(visitor: Visitor, person_id: UUID | None = None) -> Registration:
    """The visitor's own registration, or a member's. Raises Refused, TooMany, Unavailable."""
    ask, caller, community = visitor.services.volunteers, visitor.caller, visitor.community
    try:
        if person_id:
            found = await ask.get_volunteer(caller, community, person_id)
        else:
            found = await ask.get_own(caller, community)
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        return Registration(volunteer=None)
    return Registration(volunteer=found)


def offering_of(volunteer: VolunteerView | None) -> OfferingForm:
    """The form as somebody's registration fills it in."""
    if volunteer is None:
        return OfferingForm()
    return OfferingForm(
        skills=volunteer.skills,
        note=volunteer.note,
        state=volunteer.state,
        version=str(volunteer.version),
    )


async def skills_offered(visitor: Visitor, held: Sequence[str]) -> Sequence[tuple[str, str]]:
    """What one can be good at: the kinds of requests there are, and what somebody has said before.

    Only the latter where the catalogue cannot be had.
    """
    catalogue = await part(
        visitor.services.requests.get_catalogue(visitor.caller, visitor.community)
    )
    titles = category_titles(visitor, catalogue.value)
    known = category_titles(visitor, catalogue.value, active=True)
    known |= {one: titles.get(one, one) for one in held if one not in known}
    return list(known.items())
