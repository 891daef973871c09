"""Choosing a place, from the compound down to the building (`parts/places.html`)."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.console.clients.models.directory import PlaceTitleView, PlaceView
from services.console.pages.parts.called import called
from services.console.pages.parts.counting import in_order
from services.console.pages.visitor import Visitor

__all__ = ["Offer", "everywhere", "home_of", "offered", "title_of"]

MOST: Final = 100
MOST_PAGES: Final = 5
CHOSEN: Final = frozenset({"compound", "building"})
"""Kinds of places that requests name; homes stay in the directory."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be chosen next: these places, or `inside` itself, which holds them."""

    inside: PlaceView | None
    places: list[PlaceView]
    next: UUID | None
    """The place to go on after, when there are more than one page shows."""


async def offered(visitor: Visitor, inside: UUID | None, after: UUID | None = None) -> Offer:
    """The compounds of the community, or what lies in one of them; by title, numbers as such.

    A community without compounds offers its buildings. Raises Refused, TooMany, Unavailable.
    """
    directory, community = visitor.services.directory, visitor.community
    ask = directory.list_places
    if inside:
        place = await directory.get_place(visitor.caller, community, inside)
        page = await ask(visitor.caller, community, parent_id=inside, after=after, limit=MOST)
        found = [one for one in page.items if one.kind == "building"]
    else:
        place = await _community(visitor)
        page = await ask(visitor.caller, community, kind="compound", after=after, limit=MOST)
        if not page.items:
            page = await ask(visitor.caller, community, kind="building", after=after, limit=MOST)
        found = page.items
    return Offer(place, sorted(found, key=lambda one: in_order(one.title)), page.next)


async def title_of(visitor: Visitor, place_id: UUID, community: str = "") -> PlaceTitleView | None:
    """What a place is called, from its compound on; None: there is no such place.

    `community`: when the page is about none. Raises Refused, TooMany, Unavailable.
    """
    ask = visitor.services.directory.list_titles
    found = await ask(visitor.caller, community or visitor.community, ids=[place_id])
    return next(iter(found), None)


async def home_of(visitor: Visitor) -> PlaceTitleView | None:
    """Where the visitor lives or works, a building at most; None when it is not known.

    Raises as `title_of`.
    """
    me = await visitor.services.directory.get_me(visitor.caller)
    own = next((one for one in me.memberships if one.community == visitor.community), None)
    if own is None or own.place_id is None:
        return None
    home = await title_of(visitor, own.place_id)
    if home and home.building_id and home.building_id != home.id:
        return await title_of(visitor, home.building_id)
    return home if home and home.kind in CHOSEN else None


async def everywhere(visitor: Visitor) -> list[tuple[str, str]]:
    """Ids and titles of all buildings of the community, and in the end of the community itself.

    Of a very large one (over 500) the latest. Raises as `offered`.
    """
    buildings, root = await asyncio.gather(_buildings(visitor), _community(visitor))
    known = await called(visitor, (), [one.id for one in buildings])
    titles = [
        (str(one.id), known.places[one.id].title if one.id in known.places else one.title)
        for one in buildings
    ]
    titles.sort(key=lambda one: in_order(one[1]))
    elsewhere = [(str(root.id), visitor.gettext("别的地方，或说不清"))] if root else []
    return titles + elsewhere


async def _buildings(visitor: Visitor) -> list[PlaceView]:
    ask = visitor.services.directory.list_places
    found: list[PlaceView] = []
    after = None
    for _ in range(MOST_PAGES):
        page = await ask(
            visitor.caller, visitor.community, kind="building", after=after, limit=MOST
        )
        found += page.items
        after = page.next
        if after is None:
            break
    return found


async def _community(visitor: Visitor) -> PlaceView | None:
    ask = visitor.services.directory.list_places
    page = await ask(visitor.caller, visitor.community, kind="community", limit=1)
    return page.items[0] if page.items else None
