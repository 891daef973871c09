"""Whom people call: the number of the community's or a grid's duty line."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import PlaceView, ServicePhoneTerms
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import VersionedForm, number, refusal
from services.console.pages.parts.part import Part, part
from services.console.pages.register.place_path import way_to
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/places/{place_id}/service-phone")


class Line(VersionedForm):
    """The number, and the version of the place that was shown."""

    phone: str = ""


@router.get("")
async def ask_for_number(visitor: SignedIn, place_id: UUID) -> Response:
    """The form, with the present number."""
    way = await way_to(visitor, place_id)
    present = Line(phone=way[-1].service_phone or "", version=str(way[-1].version))
    return _form(visitor, place_id, Part(way), present)


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
        way = await part(way_to(visitor, place_id))
        if way.value:
            sent.renew(found.status, way.value[-1].version)
        return _form(visitor, place_id, way, sent, **found.page)
    return visitor.go_on(f"/in/{visitor.community}/register/places/{place_id}?done=changed")


def _form(
    visitor: Visitor,
    place_id: UUID,
    way: Part[Sequence[PlaceView]],
    line: Line,
    status: int = 200,
    **context: Any,
) -> Response:
    """The form, also while it cannot be said where the place lies."""
    return visitor.page(
        "register/service_phone.html", status, place_id=place_id, way=way, line=line, **context
    )
