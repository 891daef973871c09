"""One member: who they are here, their phone when it is needed, and a code to sign in with."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import (
    InvitationTerms,
    PersonView,
    PlaceView,
    RevealTerms,
    RevealView,
)
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.parts.navigation import COORDINATORS, GRID
from services.console.pages.parts.part import Part, part
from services.console.pages.parts.volunteering import Registration, registration
from services.console.pages.register.place_path import way_to
from services.console.pages.register.way_in import way_in
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared.permissions import Role

__all__ = ["router"]

router = APIRouter()

ANSWERING: Final = frozenset({Role.COMMUNITY_STAFF, Role.OPERATOR})
"""Those who answer for the community: they see who looked at a phone, and reset passwords."""

NO_STORE: Final = {"cache-control": "no-store"}
REVEALS_SHOWN: Final = 20
DONE: Final[Mapping[str, str]] = {
    "added": N_("已登记。接下来可以登记住址、生成邀请码。"),
    "membership": N_("已保存。以前的邀请码已失效。"),
    "name": N_("已保存。"),
    "no-phone": N_("电话已去掉。"),
    "home": N_("住址已保存。以前的邀请码已失效。"),
    "no-home": N_("住址已去掉。以前的邀请码已失效。"),
    "volunteer": N_("已登记为志愿者。"),
    "not-now": N_("已放到“在休息”里。"),
    "left": N_("已离开本社区。"),
}
"""What came of a form, by the word in the address."""


class Revealing(FormSent):
    """What the phone is wanted for."""

    reason: str = ""


class Inviting(FormSent):
    """How to invite."""

    reset: str = ""


@router.get("/people/{person_id}")
async def person(visitor: SignedIn, person_id: UUID) -> Response:
    """One member."""
    return await _person(visitor, person_id)


@router.get("/people/{person_id}/phone")
@router.get("/people/{person_id}/invitation")
async def back_to_person(visitor: SignedIn, person_id: UUID) -> Response:
    """The forms are on the person's page; what they answered is shown once."""
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}")


@router.post("/people/{person_id}/phone")
async def reveal_phone(
    visitor: SignedIn, person_id: UUID, sent: Annotated[Revealing, Form()]
) -> Response:
    """The phone in full, on this one answer; who looked, when and what for is recorded."""
    reason = sent.reason.strip()
    if not reason:
        remarks = {"reason": visitor.gettext("请写明用途，会记录在案。")}
        return await _person(visitor, person_id, 400, remarks=remarks)
    try:
        shown = await visitor.services.directory.reveal_phone(
            visitor.caller, visitor.community, person_id, RevealTerms(reason=reason)
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, {"reason": "reason"})
        return await _person(
            visitor, person_id, found.status, found.headers, remarks=found.remarks, reason=reason
        )
    return await _person(visitor, person_id, headers=NO_STORE, phone=shown.phone)


@router.post("/people/{person_id}/invitation")
async def invite(visitor: SignedIn, person_id: UUID, sent: Annotated[Inviting, Form()]) -> Response:
    """A one-time code, on this one answer; codes made before are worthless then."""
    terms = InvitationTerms(reset=sent.reset == "yes")
    try:
        made = await visitor.services.directory.invite(
            visitor.caller, visitor.community, person_id, terms
        )
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {})
        remarks = {"reset": found.remarks["form"]}
        return await _person(visitor, person_id, found.status, found.headers, remarks=remarks)
    return await _person(visitor, person_id, headers=NO_STORE, invitation=made, way=way_in(visitor))


async def _person(
    visitor: Visitor,
    person_id: UUID,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    found = await directory.get_person(caller, community, person_id, has_left=True)
    home, reveals, volunteers = await asyncio.gather(
        part(_home(visitor, found)), part(_reveals(visitor, found)), _volunteers(visitor, found)
    )
    looked = {one.revealed_to for one in reveals.value or ()}
    names = (await called(visitor, {*found.organisation_ids, *looked})).names
    given: dict[str, Any] = {"phone": "", "reason": "", "invitation": None}
    return visitor.page(
        "register/person.html",
        status,
        headers=headers,
        person=found,
        home=home,
        works_as=GRID & set(found.roles),
        reveals=reveals,
        volunteers=volunteers,
        names=names,
        may_answer=bool(visitor.roles & ANSWERING),
        done=visitor.parameter("done"),
        done_words=DONE,
        **(given | context),
    )


async def _home(visitor: Visitor, person: PersonView) -> Sequence[PlaceView]:
    return await way_to(visitor, person.place_id) if person.place_id else ()


async def _volunteers(visitor: Visitor, person: PersonView) -> Part[Registration] | None:
    """How they volunteer; None for whoever runs the platform, and of somebody who left."""
    if person.has_left or not visitor.roles & COORDINATORS:
        return None
    return await part(registration(visitor, person.id))


async def _reveals(visitor: Visitor, person: PersonView) -> Sequence[RevealView]:
    """Who looked at the phone lately; for whoever may know that."""
    if not visitor.roles & ANSWERING:
        return ()
    found = await visitor.services.directory.list_revealed_phones(
        visitor.caller, visitor.community, person_id=person.id, limit=REVEALS_SHOWN
    )
    return found.items
