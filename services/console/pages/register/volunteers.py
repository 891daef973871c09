"""Who volunteers, and who offered to and waits for staff to agree."""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.categories import category_titles
from services.console.pages.parts.navigation import COORDINATORS
from services.console.pages.parts.pager import after
from services.console.pages.parts.part import part
from services.console.pages.texts import N_

__all__ = ["STANDS", "router"]

router = APIRouter()

SHOWN: Final = 50

type Stands = Literal["", "waiting", "paused"]

STANDS: Final[dict[Stands, str]] = {
    "": N_("可以派活"),
    "waiting": N_("等同意"),
    "paused": N_("在休息"),
}
"""How a volunteer stands, as the list is narrowed down."""


@router.get("/volunteers")
async def volunteers(visitor: SignedIn, stands: Stands = "") -> Response:
    """Volunteers with what they can do."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    found, catalogue = await asyncio.gather(
        part(
            services.volunteers.list_volunteers(
                caller,
                community,
                state="paused" if stands == "paused" else "active",
                may_take={"": True, "waiting": False, "paused": None}[stands],
                after=after(visitor),
                limit=SHOWN,
            )
        ),
        part(services.requests.get_catalogue(caller, community)),
    )
    rows = found.value.items if found.value else []
    return visitor.page(
        "register/volunteers.html",
        found=found,
        rows=rows,
        names=(await called(visitor, [one.person_id for one in rows])).names,
        titles=category_titles(visitor, catalogue.value),
        stands=stands,
        stand_words=STANDS,
        may_answer=bool(visitor.roles & COORDINATORS),
    )
