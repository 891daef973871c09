"""A phone in full: one at a time, for a reason, and recorded (ADR 0017)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import RevealTerms
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter()


class ReasonForm(FormSent):
    """What the phone is wanted for."""

    reason: str = ""


@router.get("/households/{household}/people/{person}/phone")
async def ask_why(visitor: SignedIn, household: UUID, person: UUID) -> Response:
    """Ask for the reason first."""
    return await _page(visitor, household, person)


@router.post("/households/{household}/people/{person}/phone")
async def reveal(
    visitor: SignedIn, household: UUID, person: UUID, sent: Annotated[ReasonForm, Form()]
) -> Response:
    """Show it on the answer itself: a phone has no address of its own, and nothing keeps it."""
    if not sent.reason.strip():
        remarks = {"reason": visitor.gettext("请写明用途，例如“核实漏水情况”。")}
        return await _page(visitor, household, person, 400, remarks=remarks)
    ask = visitor.services.directory.reveal_phone
    terms = RevealTerms(reason=sent.reason)
    try:
        shown = await ask(visitor.caller, visitor.community, person, terms)
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {"reason": "reason"})
        told = {"remarks": found.remarks, "reason": sent.reason, "headers": found.headers}
        return await _page(visitor, household, person, found.status, **told)
    return await _page(visitor, household, person, phone=shown.phone, reason=sent.reason)


async def _page(
    visitor: Visitor, household: UUID, person: UUID, status: int = 200, **context: Any
) -> Response:
    name = (await called(visitor, [person])).names.get(person, "")
    given: dict[str, Any] = {"phone": "", "reason": "", **context}
    return visitor.page(
        "grid/phone.html", status, household=household, person=person, name=name, **given
    )
