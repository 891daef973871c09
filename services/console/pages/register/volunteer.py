"""One member as a volunteer: staff agree to an offer, or write down one that was made by mouth."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import MembershipTerms
from services.console.clients.models.volunteers import Changing, Registering
from services.console.pages.access import SignedIn, only
from services.console.pages.parts.forms import number, refusal
from services.console.pages.parts.navigation import COORDINATORS
from services.console.pages.parts.part import part
from services.console.pages.parts.volunteering import (
    FIELDS,
    OfferingForm,
    offering_of,
    registration,
    skills_offered,
)
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared.permissions import Role

__all__ = ["router"]

router = APIRouter(dependencies=[Depends(only(COORDINATORS))])


NOT_NOW: Final = "not-now"
NOT_YET: Final = N_("刚登记的人，几秒后才能登记为志愿者。请再提交一次。")
"""The volunteers service hears of new members by event."""


class AnswerForm(OfferingForm):
    """What they can do, and the answer to whoever offered it."""

    answer: str = ""


@router.get("/people/{person_id}/volunteer")
async def volunteer(visitor: SignedIn, person_id: UUID) -> Response:
    """What they can do, as they said it."""
    return await _page(visitor, person_id)


@router.post("/people/{person_id}/volunteer")
async def agree(
    visitor: SignedIn, person_id: UUID, sent: Annotated[AnswerForm, Form()]
) -> Response:
    """Give the role, which lets them take tasks, and keep what they can do; or let them rest.

    Two services keep the two, so one may be done without the other: sending it again does the rest.
    """
    if sent.answer == NOT_NOW:
        sent.state = "paused"
    try:
        if sent.answer != NOT_NOW:
            await _give_role(visitor, person_id)
        await _keep(visitor, person_id, sent)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS)
        if isinstance(problem, Refused) and problem.code == "unknown-id":
            found.remarks = {"form": visitor.gettext(NOT_YET)}
        return await _page(visitor, person_id, sent=sent, **found.page)
    done = NOT_NOW if sent.answer == NOT_NOW else "volunteer"
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}?done={done}")


async def _give_role(visitor: Visitor, person_id: UUID) -> None:
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    person = await directory.get_person(caller, community, person_id)
    if Role.VOLUNTEER in person.roles:
        return
    terms = {
        "roles": [*person.roles, Role.VOLUNTEER.value],
        "organisation_ids": person.organisation_ids,
    }
    await directory.put_membership(
        caller, community, person_id, MembershipTerms.model_validate(terms), version=person.version
    )


async def _keep(visitor: Visitor, person_id: UUID, sent: OfferingForm) -> None:
    ask, caller, community = visitor.services.volunteers, visitor.caller, visitor.community
    if sent.version:
        changing = Changing.model_validate(sent.change())
        await ask.change_other(caller, community, person_id, changing, version=number(sent.version))
        return
    registering = Registering.model_validate(sent.offering() | {"person_id": person_id})
    await ask.register(caller, community, registering, idempotency_key=visitor.once)


async def _page(
    visitor: Visitor,
    person_id: UUID,
    status: int = 200,
    *,
    sent: OfferingForm | None = None,
    **context: Any,
) -> Response:
    person, found = await asyncio.gather(
        visitor.services.directory.get_person(visitor.caller, visitor.community, person_id),
        part(registration(visitor, person_id)),
    )
    known = found.value.volunteer if found.value else None
    present = sent or offering_of(known)
    return visitor.page(
        "register/volunteer.html",
        status,
        person=person,
        found=found,
        volunteer=known,
        present=present,
        skills=await skills_offered(visitor, present.skills),
        **context,
    )
