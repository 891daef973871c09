"""A slip for somebody without an account: staff, or whose request it is, print it."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import refusal
from services.console.pages.parts.part import part
from services.console.pages.parts.qr import qr
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter()


@router.get("/requests/{request_id}/slip")
async def slip(visitor: SignedIn, request_id: UUID) -> Response:
    """What a slip is, and the button that makes one."""
    return await _page(visitor, request_id, "slips/print.html")


@router.post("/requests/{request_id}/slip")
async def print_slip(visitor: SignedIn, request_id: UUID) -> Response:
    """The slip itself, for the printer: its code is shown this once, and stands in no address."""
    ask = visitor.services.requests.print_slip
    try:
        made = await ask(visitor.caller, visitor.community, request_id)
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {})
        return await _page(visitor, request_id, "slips/print.html", **found.page)
    return await _page(
        visitor,
        request_id,
        "slips/slip.html",
        code=made.code,
        typed_at=visitor.outside("/f"),
        qr=qr(visitor.outside(made.path)),
    )


async def _page(
    visitor: Visitor, request_id: UUID, template: str, status: int = 200, **context: Any
) -> Response:
    """A page about the request; without its category or the phone where they cannot be had."""
    requests, caller, community = visitor.services.requests, visitor.caller, visitor.community
    request, catalogue, line = await asyncio.gather(
        requests.get_request(caller, community, request_id),
        part(requests.get_catalogue(caller, community)),
        part(visitor.services.directory.get_service_phone(caller, community)),
    )
    of_request = (one for one in catalogue.value or () if one.code == request.category)
    category = next(of_request, None)
    given = {"request": request, "category": category, "line": line.value}
    return visitor.page(template, status, **given, **context)
