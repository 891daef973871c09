"""Who belongs to the community: a list to search in."""

from typing import Final

from fastapi import APIRouter, Response

from services.console.clients.models import directory as models
from services.console.pages.access import SignedIn
from services.console.pages.parts import words
from services.console.pages.parts.called import called
from services.console.pages.parts.pager import after
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()

SHOWN: Final = 50
MEMBER_ROLES: Final[tuple[models.Role, ...]] = (
    "resident",
    "volunteer",
    "organisation_member",
    "grid_worker",
    "micro_grid_head",
    "property_steward",
    "community_staff",
    "points_approver",
    "subdistrict_staff",
    "integrator",
)
"""What somebody can be in a community, and be found by."""


@router.get("/people")
async def people(visitor: SignedIn) -> Response:
    """Members by name, phone or role, newest first; with `?left=yes` those who have left."""
    wanted = visitor.parameter("q").strip()
    chosen = visitor.parameter("role")
    role: models.Role | None = next((one for one in MEMBER_ROLES if one == chosen), None)
    has_left = visitor.parameter("left") == "yes"
    found = await part(
        visitor.services.directory.list_people(
            visitor.caller,
            visitor.community,
            q=wanted or None,
            role=role,
            has_left=has_left,
            after=after(visitor),
            limit=SHOWN,
        )
    )
    members = found.value.items if found.value else []
    homes = await called(visitor, (), [one.place_id for one in members])
    return visitor.page(
        "register/people.html",
        people=found,
        homes=homes.places,
        wanted=wanted,
        role=role or "",
        has_left=has_left,
        roles=[(one, visitor.gettext(words.ROLES[one])) for one in MEMBER_ROLES],
    )
