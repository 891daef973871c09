"""Becoming a volunteer (志愿者): what one can do, and when one can be asked."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.volunteers import Changing, Registering
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import number, refusal
from services.console.pages.parts.part import part
from services.console.pages.parts.volunteering import (
    FIELDS,
    OfferingForm,
    offering_of,
    registration,
    skills_offered,
)
from services.console.pages.visitor import Visitor
from shared.permissions import TAKERS

__all__ = ["router"]

router = APIRouter(prefix="/volunteering")


@router.get("")
async def volunteering(visitor: SignedIn) -> Response:
    """Whether the visitor volunteers, and the form to begin or to change it."""
    return await _page(visitor)


@router.post("")
async def offer(visitor: SignedIn, sent: Annotated[OfferingForm, Form()]) -> Response:
    """Register, or change what was said. Staff agree, by giving the role."""
    try:
        await _keep(visitor, sent)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS)
        return await _page(visitor, sent=sent, **found.page)
    return visitor.go_on(f"/in/{visitor.community}/volunteering?done=offered")


async def _keep(visitor: Visitor, sent: OfferingForm) -> None:
    ask, caller, community = visitor.services.volunteers, visitor.caller, visitor.community
    if sent.version:
        changing = Changing.model_validate(sent.change())
        await ask.change_own(caller, community, changing, version=number(sent.version))
        return
    registering = Registering.model_validate(sent.offering())
    await ask.register(caller, community, registering, idempotency_key=visitor.once)


async def _page(
    visitor: Visitor, status: int = 200, *, sent: OfferingForm | None = None, **context: Any
) -> Response:
    found = await part(registration(visitor))
    volunteer = found.value.volunteer if found.value else None
    if volunteer and volunteer.may_take and not visitor.roles & TAKERS:
        await visitor.learn_roles()  # whoever looks here before they open the notice
    present = sent or offering_of(volunteer)
    return visitor.page(
        "resident/volunteering.html",
        status,
        found=found,
        volunteer=volunteer,
        present=present,
        skills=await skills_offered(visitor, present.skills),
        may_take=bool(visitor.roles & TAKERS),
        done=visitor.parameter("done"),
        **context,
    )
