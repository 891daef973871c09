"""Choosing a place, from the compound down to the building (`parts/places.html`)."""

import asyncio
import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.console.clients.models.directory import PlaceView
from services.console.pages.visitor import Visitor

__all__ = ["Offer", "everywhere", "home_of", "offered"]

MOST = 100
MOST_PAGES = 5

_NUMBERS = re.compile(r"(\d+)")


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
    ask, community = visitor.services.directory.list_places, visitor.community
    if inside:
        place = await visitor.places.get(visitor.caller, community, inside)
        page = await ask(visitor.caller, community, parent_id=inside, after=after, limit=MOST)
        found = [one for one in page.items if one.kind == "building"]
    else:
        place = await _community(visitor)
        page = await ask(visitor.caller, community, kind="compound", after=after, limit=MOST)
        if not page.items:
            page = await ask(visitor.caller, community, kind="building", after=after, limit=MOST)
        found = page.items
    visitor.places.remember(community, *found)
    return Offer(place, sorted(found, key=_in_order), page.next)


async def home_of(visitor: Visitor) -> PlaceView | None:
    """The building that the visitor's own place lies in, or is; None when none is known."""
    me = await visitor.services.directory.get_me(visitor.caller)
    own = next((one for one in me.memberships if one.community == visitor.community), None)
    if own is None or own.place_id is None:
        return None
    way = await visitor.places.way_to(visitor.caller, visitor.community, own.place_id)
    return next((one for one in reversed(way) if one.kind in {"building", "compound"}), None)


async def everywhere(visitor: Visitor) -> list[tuple[str, str]]:
    """Ids and titles of all buildings of the community, and in the end of the community itself.

    Of a very large one (over 500) the latest. Raises as `offered`.
    """
    community = visitor.community
    compounds, buildings, root = await asyncio.gather(
        _all(visitor, "compound"), _all(visitor, "building"), _community(visitor)
    )
    visitor.places.remember(community, *compounds, *buildings)
    titles = [
        (str(one.id), await visitor.places.title(visitor.caller, community, one.id))
        for one in buildings
    ]
    titles.sort(key=lambda one: _by_numbers(one[1]))
    elsewhere = [(str(root.id), visitor.gettext("别的地方，或说不清"))] if root else []
    return titles + elsewhere


async def _all(visitor: Visitor, kind: Literal["compound", "building"]) -> list[PlaceView]:
    ask = visitor.services.directory.list_places
    found: list[PlaceView] = []
    after = None
    for _ in range(MOST_PAGES):
        page = await ask(visitor.caller, visitor.community, kind=kind, after=after, limit=MOST)
        found += page.items
        after = page.next
        if after is None:
            break
    return found


async def _community(visitor: Visitor) -> PlaceView | None:
    ask = visitor.services.directory.list_places
    page = await ask(visitor.caller, visitor.community, kind="community", limit=1)
    return page.items[0] if page.items else None


def _in_order(place: PlaceView) -> list[tuple[int, str]]:
    """2栋 before 10栋."""
    return _by_numbers(place.title)


def _by_numbers(title: str) -> list[tuple[int, str]]:
    parts = _NUMBERS.split(title)
    return [(int(one), "") if one.isdecimal() else (0, one) for one in parts]
