"""What a member is called, and their phone, corrected."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NameTerms
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/people/{person_id}/name")

FIELDS: Final = {"name": "name", "phone": "phone"}


class NameForm(FormSent):
    """The name, and a new phone or nothing."""

    name: str = ""
    phone: str = ""


@router.get("")
async def ask_for_name(visitor: SignedIn, person_id: UUID) -> Response:
    """The form; the phone stays masked, and is typed anew or left alone."""
    return await _form(visitor, person_id)


@router.post("")
async def correct_name(
    visitor: SignedIn, person_id: UUID, sent: Annotated[NameForm, Form()]
) -> Response:
    """Keep both; an empty phone changes nothing."""
    name = sent.name.strip()
    if not name:
        remarks = {"name": visitor.gettext("请填写姓名。")}
        return await _form(visitor, person_id, 400, sent=sent, remarks=remarks)
    terms = NameTerms(name=name, phone=sent.phone.strip() or None)
    ask = visitor.services.directory.correct_person
    try:
        await ask(visitor.caller, visitor.community, person_id, terms)
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, FIELDS)
        return await _form(visitor, person_id, sent=sent, **found.page)
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}?done=name")


async def _form(
    visitor: Visitor,
    person_id: UUID,
    status: int = 200,
    *,
    sent: NameForm | None = None,
    **context: Any,
) -> Response:
    person = await visitor.services.directory.get_person(
        visitor.caller, visitor.community, person_id
    )
    present = sent or NameForm(name=person.name)
    return visitor.page("register/name.html", status, person=person, sent=present, **context)
