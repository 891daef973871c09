"""Whom people call: the number of the community's or a grid's duty line."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import ServicePhoneTerms
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, number, refusal
from services.console.pages.register.place_path import way_to
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/places/{place_id}/service-phone")


class Line(FormSent):
    """The number, and the version of the place that was shown."""

    phone: str = ""
    version: str = ""


@router.get("")
async def ask_for_number(visitor: SignedIn, place_id: UUID) -> Response:
    """The form, with the present number."""
    return await _page(visitor, place_id)


@router.post("")
async def put_service_phone(
    visitor: SignedIn, place_id: UUID, sent: Annotated[Line, Form()]
) -> Response:
    """Say the number; an empty field takes it away."""
    terms = ServicePhoneTerms(phone=sent.phone.strip() or None)
    ask = visitor.services.directory.put_service_phone
    try:
        await ask(visitor.caller, visitor.community, place_id, terms, version=number(sent.version))
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {"phone": "phone"})
        return await _page(visitor, place_id, typed=sent.phone, **found.page)
    return visitor.go_on(f"/in/{visitor.community}/register/places/{place_id}?done=changed")


async def _page(visitor: Visitor, place_id: UUID, status: int = 200, **context: Any) -> Response:
    way = await way_to(visitor, place_id)
    given: dict[str, Any] = {"typed": way[-1].service_phone or ""} | context
    return visitor.page("register/service_phone.html", status, way=way, place=way[-1], **given)
