"""Where a member lives or works: chosen from the compound down to the door."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import MembershipTerms, PlaceTitleView, PlaceView
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.counting import in_order
from services.console.pages.parts.forms import VersionedForm, id_in, number, refusal
from services.console.pages.parts.navigation import GRID
from services.console.pages.parts.pager import after
from services.console.pages.parts.part import part
from services.console.pages.register.place_path import way_to
from services.console.pages.register.places import root_of
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter()

MOST: Final = 100
FOUND: Final = 30


class HomeForm(VersionedForm):
    """The place that was chosen, and the version of the membership that was shown."""

    place_id: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One place on the way down, and what can be chosen next."""

    way: Sequence[PlaceView]
    inside: Sequence[PlaceView]
    next: UUID | None
    found: Sequence[PlaceTitleView] = ()
    """What words found instead."""


@router.get("/people/{person_id}/home")
async def choose_home(visitor: SignedIn, person_id: UUID, inside: UUID | None = None) -> Response:
    """One step on the way down; each place on it can be taken."""
    return await _page(visitor, person_id, inside)


@router.post("/people/{person_id}/home")
async def change_home(
    visitor: SignedIn, person_id: UUID, sent: Annotated[HomeForm, Form()]
) -> Response:
    """Keep the place; roles and organisations stay as they are."""
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    try:
        person = await directory.get_person(caller, community, person_id)
        terms = MembershipTerms.model_validate(
            {
                "roles": person.roles,
                "organisation_ids": person.organisation_ids,
                "place_id": sent.place_id,
            }
        )
        await directory.put_membership(
            caller, community, person_id, terms, version=number(sent.version)
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, {})
        return await _page(visitor, person_id, id_in(sent.place_id), **found.page)
    return visitor.go_on(f"/in/{community}/register/people/{person_id}?done=home")


@router.get("/people/{person_id}/home/remove")
async def back_to_home(visitor: SignedIn, person_id: UUID) -> Response:
    """The form is on the page above."""
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}/home")


@router.post("/people/{person_id}/home/remove")
async def remove_home(
    visitor: SignedIn, person_id: UUID, sent: Annotated[VersionedForm, Form()]
) -> Response:
    """Take a home away that is wrong; another one can be chosen at any time."""
    ask = visitor.services.directory.remove_home
    try:
        await ask(visitor.caller, visitor.community, person_id, version=number(sent.version))
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {})
        return await _page(visitor, person_id, None, **found.page)
    return visitor.go_on(f"/in/{visitor.community}/register/people/{person_id}?done=no-home")


async def _page(
    visitor: Visitor, person_id: UUID, inside: UUID | None, status: int = 200, **context: Any
) -> Response:
    words = visitor.parameter("q").strip()
    person, stage = await asyncio.gather(
        visitor.services.directory.get_person(visitor.caller, visitor.community, person_id),
        part(_found(visitor, words) if words else _stage(visitor, inside)),
    )
    known = (await called(visitor, (), [person.place_id])).places
    home = known.get(person.place_id) if person.place_id else None
    return visitor.page(
        "register/home.html",
        status,
        person=person,
        works_as=GRID & set(person.roles),
        home=home,
        stage=stage,
        wanted=words,
        **context,
    )


async def _stage(visitor: Visitor, inside: UUID | None) -> Stage:
    root = None if inside else await root_of(visitor)
    way = await way_to(visitor, inside) if inside else [root] if root else []
    if not way:
        return Stage((), (), None)
    page = await visitor.services.directory.list_places(
        visitor.caller, visitor.community, parent_id=way[-1].id, after=after(visitor), limit=MOST
    )
    return Stage(way, sorted(page.items, key=lambda one: in_order(one.title)), page.next)


async def _found(visitor: Visitor, words: str) -> Stage:
    ask = visitor.services.directory.list_titles
    return Stage((), (), None, await ask(visitor.caller, visitor.community, q=words, limit=FOUND))
