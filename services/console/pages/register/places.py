"""The places of the community as a tree, and a search in it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients.models.directory import (
    HouseholdView,
    PersonView,
    PlaceView,
    PlaceViewPage,
)
from services.console.pages.access import SignedIn
from services.console.pages.parts.counting import in_order
from services.console.pages.parts.pager import after
from services.console.pages.parts.part import part
from services.console.pages.register.place_path import way_to
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["root_of", "router"]

router = APIRouter()

SHOWN: Final = 100
DONE: Final[Mapping[str, str]] = {
    "added": N_("已添加。"),
    "changed": N_("已保存。"),
    "removed": N_("已删除。"),
}
"""What came of a form, by the word in the address."""

WITH_HOMES: Final = frozenset({"building", "entrance"})
"""Places whose households are listed with how many live there."""


@router.get("/places")
async def places(visitor: SignedIn) -> Response:
    """What is found by title or code; without a search, the top of the tree."""
    wanted = visitor.parameter("q").strip()
    if wanted:
        found = await part(_search(visitor, wanted))
        return visitor.page("register/places.html", wanted=wanted, places=found)
    root = await part(root_of(visitor))
    if root.value is None:
        return visitor.page("register/places.html", wanted="", places=root)
    return await _place(visitor, [root.value])


@router.get("/places/{place_id}")
async def place(visitor: SignedIn, place_id: UUID) -> Response:
    """One place: where it lies, and what lies in it."""
    return await _place(visitor, await way_to(visitor, place_id))


async def _place(visitor: Visitor, way: Sequence[PlaceView]) -> Response:
    here = way[-1]
    inside, homes, members = await asyncio.gather(
        part(
            visitor.services.directory.list_places(
                visitor.caller,
                visitor.community,
                parent_id=here.id,
                after=after(visitor),
                limit=SHOWN,
            )
        ),
        _homes(visitor, here),
        part(_members(visitor, here)),
    )
    rows = sorted(inside.value.items, key=lambda one: in_order(one.title)) if inside.value else []
    return visitor.page(
        "register/place.html",
        way=way,
        place=here,
        inside=inside,
        rows=rows,
        homes=homes,
        members=members,
        done=visitor.parameter("done"),
        done_words=DONE,
    )


async def _homes(visitor: Visitor, here: PlaceView) -> dict[UUID, HouseholdView]:
    """How many live in each household of a building; empty where that is not told."""
    if here.kind not in WITH_HOMES:
        return {}
    ask = visitor.services.directory.list_households
    found = await part(ask(visitor.caller, visitor.community, here.id, limit=SHOWN))
    return {one.id: one for one in found.value.items} if found.value else {}


async def _members(visitor: Visitor, here: PlaceView) -> Sequence[PersonView]:
    """Who lives in a household; of larger places nobody is told."""
    if here.kind != "household":
        return ()
    found = await visitor.services.directory.list_people(
        visitor.caller, visitor.community, place_id=here.id, limit=SHOWN
    )
    return found.items


async def root_of(visitor: Visitor) -> PlaceView | None:
    """The community itself, in which all places lie. Raises what a call raises."""
    found = await visitor.services.directory.list_places(
        visitor.caller, visitor.community, kind="community", limit=1
    )
    return found.items[0] if found.items else None


async def _search(visitor: Visitor, words: str) -> PlaceViewPage:
    return await visitor.services.directory.list_places(
        visitor.caller, visitor.community, q=words, after=after(visitor), limit=SHOWN
    )
