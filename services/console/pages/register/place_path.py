"""The way to a place: from the community down to it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.console.clients.models.directory import PlaceView
from services.console.pages.visitor import Visitor

__all__ = ["way_to"]

DEEPEST: Final = 8
"""Kinds of places lie in each other in one order, and there are seven."""


async def way_to(visitor: Visitor, place_id: UUID) -> Sequence[PlaceView]:
    """The place and all that hold it, the largest first. Raises what a call raises."""
    way: list[PlaceView] = []
    wanted: UUID | None = place_id
    while wanted and len(way) < DEEPEST:
        found = await visitor.services.directory.get_place(
            visitor.caller, visitor.community, wanted
        )
        way.insert(0, found)
        wanted = found.parent_id
    return way
