"""What a member is called, and their phone, corrected; a phone that is wrong taken away."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NameTerms, PersonView
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import STALE, Refusal, VersionedForm, number, refusal
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/people/{person_id}/name")

FIELDS: Final = {"name": "name", "phone": "phone"}


class NameForm(VersionedForm):
    """The name, and a new phone or nothing."""

    name: str = ""
    phone: str = ""


@router.get("")
async def ask_for_name(visitor: SignedIn, person_id: UUID) -> Response:
    """The form; the phone stays masked, and is typed anew or left alone."""
    person = await visitor.services.directory.get_person(
        visitor.caller, visitor.community, person_id
    )
    return visitor.page(
        "register/name.html", person_id=person_id, person=person, sent=_shown(person)
    )


@router.post("")
async def correct_name(
    visitor: SignedIn, person_id: UUID, sent: Annotated[NameForm, Form()]
) -> Response:
    """Keep both; an empty phone changes nothing."""
    name = sent.name.strip()
    if not name:
        remarks = {"name": visitor.gettext("请填写姓名。")}
        return await _again(visitor, person_id, sent, Refusal(status=400, remarks=remarks))
    terms = NameTerms(name=name, phone=sent.phone.strip() or None)
    ask = visitor.services.directory.correct_person
    try:
        await ask(visitor.caller, visitor.community, person_id, terms, version=number(sent.version))
    except (Refused, TooMany, Unavailable) as problem:
        return await _again(visitor, person_id, sent, _refusal(problem, visitor))
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}?done=name")


@router.get("/remove-phone")
async def back_to_name(visitor: SignedIn, person_id: UUID) -> Response:
    """The form is on the page above."""
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}/name")


@router.post("/remove-phone")
async def remove_phone(
    visitor: SignedIn, person_id: UUID, sent: Annotated[VersionedForm, Form()]
) -> Response:
    """Take a phone away that is wrong; another one can be written down at any time."""
    ask = visitor.services.directory.remove_phone
    try:
        await ask(visitor.caller, visitor.community, person_id, version=number(sent.version))
    except (Refused, TooMany, Unavailable) as problem:
        return await _again(visitor, person_id, None, _refusal(problem, visitor))
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}?done=no-phone")


def _refusal(problem: Refused | TooMany | Unavailable, visitor: Visitor) -> Refusal:
    """Beside the name that it was changed meanwhile; everything else as everywhere."""
    found = refusal(problem, visitor, FIELDS)
    if found.status != STALE:
        return found
    words = visitor.gettext("刚才有人改过姓名或电话。请看看现在的，再决定要不要改。")
    return Refusal(status=STALE, remarks={"name": words})


async def _again(
    visitor: Visitor, person_id: UUID, sent: NameForm | None, refused: Refusal
) -> Response:
    """The form as it was sent, also while nobody can say how the person is called now.

    Whoever is told that it was changed has seen the present version.
    """
    directory = visitor.services.directory
    person = (await part(directory.get_person(visitor.caller, visitor.community, person_id))).value
    if person and sent:
        sent.renew(refused.status, person.name_version)
    elif person:
        sent = _shown(person)
    return visitor.page(
        "register/name.html", person_id=person_id, person=person, sent=sent, **refused.page
    )


def _shown(person: PersonView) -> NameForm:
    return NameForm(name=person.name, version=str(person.name_version))
