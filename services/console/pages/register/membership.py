"""What a member is here, changed; leaving the community, and coming back."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import MembershipTerms, PersonView
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import VersionedForm, id_in, number, refusal
from services.console.pages.parts.part import Part, part
from services.console.pages.register.standing import CODES, FIELDS, StandingForm, offered
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/people/{person_id}")


class MembershipForm(StandingForm, VersionedForm):
    """Roles and organisations, and the version that was shown."""


@router.get("/membership")
async def membership(visitor: SignedIn, person_id: UUID) -> Response:
    """The form as the person is; of whoever has left, to let them come back as a resident."""
    person = await _person(visitor, person_id)
    present = MembershipForm(
        roles=person.roles or ["resident"],
        organisation_ids=[str(one) for one in person.organisation_ids],
        version=str(person.version),
    )
    return await _form(visitor, person_id, Part(person), present)


@router.post("/membership")
async def change_membership(
    visitor: SignedIn, person_id: UUID, sent: Annotated[MembershipForm, Form()]
) -> Response:
    """Other roles or organisations; whoever had left is back."""
    if not sent.roles:
        remarks = {"roles": visitor.gettext("请至少选一个角色。")}
        return await _again(visitor, person_id, sent, 400, remarks=remarks)
    try:
        terms = MembershipTerms.model_validate(sent.terms())
        await visitor.services.directory.put_membership(
            visitor.caller, visitor.community, person_id, terms, version=number(sent.version)
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        return await _again(visitor, person_id, sent, **found.page)
    return visitor.go_on(f"{_path(visitor, person_id)}?done=membership")


@router.get("/leave")
async def ask_to_leave(visitor: SignedIn, person_id: UUID) -> Response:
    """What it means that somebody leaves, and the button."""
    return await _leaving(visitor, person_id)


@router.post("/leave")
async def leave(
    visitor: SignedIn, person_id: UUID, sent: Annotated[VersionedForm, Form()]
) -> Response:
    """End the membership; the person can come back."""
    try:
        await visitor.services.directory.remove_membership(
            visitor.caller, visitor.community, person_id, version=number(sent.version)
        )
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {})
        return await _leaving(visitor, person_id, **found.page)
    return visitor.go_on(f"{_path(visitor, person_id)}?done=left")


def _path(visitor: Visitor, person_id: UUID) -> str:
    return f"/in/{visitor.community}/register/people/{person_id}"


async def _person(visitor: Visitor, person_id: UUID) -> PersonView:
    """Whoever is a member, or was. Raises what a call raises."""
    ask = visitor.services.directory.get_person
    return await ask(visitor.caller, visitor.community, person_id, has_left=True)


async def _again(
    visitor: Visitor, person_id: UUID, sent: MembershipForm, status: int, **context: Any
) -> Response:
    """The form as it was sent, also while it cannot be said whose it is."""
    person = await part(_person(visitor, person_id))
    if person.value:
        sent.renew(status, person.value.version)
    return await _form(visitor, person_id, person, sent, status, **context)


async def _form(
    visitor: Visitor,
    person_id: UUID,
    person: Part[PersonView],
    present: MembershipForm,
    status: int = 200,
    **context: Any,
) -> Response:
    held = [one for one in map(id_in, present.organisation_ids) if one]
    offer = await offered(visitor, held)
    given = {one for one, _ in offer.roles.value or ()}
    return visitor.page(
        "register/membership.html",
        status,
        person_id=person_id,
        person=person,
        offer=offer,
        is_theirs_to_change=person.value is None or given >= set(person.value.roles),
        present=present,
        **context,
    )


async def _leaving(
    visitor: Visitor, person_id: UUID, status: int = 200, **context: Any
) -> Response:
    person = await visitor.services.directory.get_person(
        visitor.caller, visitor.community, person_id
    )
    return visitor.page("register/leave.html", status, person=person, **context)
