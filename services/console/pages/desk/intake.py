"""来电登记: a call is filed, or recorded as settled, on one screen and with the keyboard alone."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages.access import SignedIn
from services.console.pages.desk.callers import people_offered, places_offered
from services.console.pages.desk.chat import read_chat
from services.console.pages.desk.filing import FIELDS, Intake, add_caller, file_call, meant
from services.console.pages.parts.categories import category_titles
from services.console.pages.parts.forms import refusal
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/desk/intake")


@router.get("")
async def intake(visitor: SignedIn, filed: UUID | None = None) -> Response:
    """The form of a call; above it what came of the one before."""
    ask = visitor.services.requests.get_request
    before = await part(ask(visitor.caller, visitor.community, filed)) if filed else None
    return await _form(visitor, Intake(), filed=before)


@router.get("/people")
async def people(visitor: SignedIn, who: str = "") -> Response:
    """Who may be calling, for the form while somebody types."""
    return await _form(visitor, Intake(who=who), block="people")


@router.get("/places")
async def places(visitor: SignedIn, where: str = "") -> Response:
    """Which place may be meant, as above."""
    return await _form(visitor, Intake(where=where), block="places")


@router.post("")
async def take_call(visitor: SignedIn, sent: Annotated[Intake, Form()]) -> Response:
    """File it (`file`), record it as settled (`settle`), look up, or read a chat (`fill`)."""
    if sent.do == "fill":
        return await _fill(visitor, sent)
    if sent.do not in {"file", "settle"}:
        return await _form(visitor, sent)
    found, where = await asyncio.gather(
        people_offered(visitor, sent.who.strip()), places_offered(visitor, sent.where.strip())
    )
    call = meant(sent, found, where, visitor.gettext)
    if call.remarks:
        return await _form(visitor, sent, 400, remarks=call.remarks)
    try:
        if call.is_new:
            sent.requester = str(await add_caller(visitor, sent, call.place))
            call = meant(sent, found, where, visitor.gettext)
        request = await file_call(visitor, sent, call)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        refused = refusal(problem, visitor, FIELDS)
        return await _form(
            visitor, sent, refused.status, headers=refused.headers, remarks=refused.remarks
        )
    return visitor.go_on(f"/in/{visitor.community}/desk/intake?filed={request.id}")


async def _fill(visitor: Visitor, sent: Intake) -> Response:
    """Fill the form from a chat: what was found replaces what stood there, to be checked."""
    chat = read_chat(sent.chat)
    read = {
        "who": chat.phone or chat.name,
        "name": chat.name,
        "where": chat.place,
        "description": chat.words,
    }
    filled = sent.model_copy(update={name: value for name, value in read.items() if value})
    return await _form(visitor, filled, read={name for name, value in read.items() if value})


async def _form(
    visitor: Visitor, sent: Intake, status: int = 200, *, block: str | None = None, **context: Any
) -> Response:
    """The form with what was typed, and whom and what it may mean."""
    ask = visitor.services.requests.get_catalogue
    catalogue, found, where = await asyncio.gather(
        part(ask(visitor.caller, visitor.community)),
        people_offered(visitor, sent.who.strip()),
        places_offered(visitor, sent.where.strip()),
    )
    given: dict[str, Any] = {"filed": None, "read": frozenset[str](), **context}
    return visitor.page(
        "desk/intake.html",
        status,
        block=block,
        sent=sent,
        catalogue=catalogue,
        categories=category_titles(visitor, catalogue.value, active=True),
        people=found,
        places=where,
        **given,
    )
