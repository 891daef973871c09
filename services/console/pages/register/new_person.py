"""One more person: the few things that are known of them, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NewPerson, PersonView, PlaceTitleView
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.forms import id_in, refusal
from services.console.pages.register import standing
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter()

FIELDS: Final = standing.FIELDS | {"name": "name", "phone": "phone", "login_name": "login_name"}
CODES: Final = standing.CODES | {"login-name-taken": "login_name"}
NAMESAKES: Final = 20


class PersonForm(standing.StandingForm):
    """A person; `place` is the home that the form was opened for."""

    name: str = ""
    phone: str = ""
    login_name: str = ""
    place: str = ""
    is_another: str = ""

    def person(self) -> NewPerson:
        """For the directory. Raises ValidationError."""
        said = {"phone": self.phone.strip(), "login_name": self.login_name.strip()}
        told = {name: value for name, value in (said | {"place_id": self.place}).items() if value}
        return NewPerson.model_validate({"name": self.name.strip(), **self.terms(), **told})


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Members who are called the same, and where they live."""

    people: Sequence[PersonView] = ()
    homes: Mapping[UUID, PlaceTitleView] = field(default_factory=dict[UUID, PlaceTitleView])


@router.get("/people/new")
async def new_person(
    visitor: SignedIn, place: UUID | None = None, role: str = "resident"
) -> Response:
    """The empty form; `place`: for somebody who lives there, `role`: for somebody who is that."""
    return await _form(visitor, PersonForm(roles=[role], place=str(place or "")))


@router.post("/people/new")
async def add_person(visitor: SignedIn, sent: Annotated[PersonForm, Form()]) -> Response:
    """Add somebody; a member of the same name has to be another person."""
    remarks = _missing(visitor, sent)
    if remarks:
        return await _form(visitor, sent, 400, remarks=remarks)
    try:
        same = Namesakes() if sent.is_another else await _namesakes(visitor, sent.name.strip())
        if same.people:
            return await _form(visitor, sent, 400, same=same)
        added = await visitor.services.directory.add_person(
            visitor.caller, visitor.community, sent.person(), idempotency_key=visitor.once
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        return await _form(visitor, sent, **found.page)
    return visitor.go_on(f"/in/{visitor.community}/register/people/{added.id}?done=added")


def _missing(visitor: Visitor, sent: PersonForm) -> dict[str, str]:
    remarks = {} if sent.name.strip() else {"name": visitor.gettext("请填写姓名。")}
    return remarks if sent.roles else remarks | {"roles": visitor.gettext("请至少选一个角色。")}


async def _namesakes(visitor: Visitor, name: str) -> Namesakes:
    """Nobody is added twice by mistake. Raises Refused, TooMany, Unavailable."""
    found = await visitor.services.directory.list_people(
        visitor.caller, visitor.community, q=name, limit=NAMESAKES
    )
    same = [one for one in found.items if one.name == name]
    return Namesakes(same, (await called(visitor, (), [one.place_id for one in same])).places)


async def _form(
    visitor: Visitor,
    sent: PersonForm,
    status: int = 200,
    *,
    same: Namesakes | None = None,
    **context: Any,
) -> Response:
    offer = await standing.offered(visitor)
    place = id_in(sent.place)
    home = (await called(visitor, (), [place])).places.get(place) if place else None
    return visitor.page(
        "register/new_person.html",
        status,
        sent=sent,
        offer=offer,
        home=home,
        same=same or Namesakes(),
        **context,
    )
