"""Where things are, as people say it: places are remembered for a while, for they rarely change."""

import time
from typing import Final
from uuid import UUID

from services.console.clients import Caller, Services
from services.console.clients.models.directory import PlaceView

__all__ = ["HOLDS_HOMES", "Places"]

KEPT_SECONDS: Final = 600.0
MOST: Final = 50_000
MOST_STEPS: Final = 7
"""From a household to its community."""

ABOVE: Final = frozenset({"community", "grid", "micro_grid"})
"""Nobody says these when asked where something is."""

HOLDS_HOMES: Final = frozenset({"building", "compound"}) | ABOVE
"""Where a request can be: homes and entrances stay in the directory."""


class Places:
    """Places by community and id, as every member of the community may see them."""

    def __init__(self, services: Services) -> None:
        """Start with none."""
        self._services = services
        self._places: dict[tuple[str, UUID], tuple[float, PlaceView]] = {}

    async def get(self, caller: Caller, community: str, place_id: UUID) -> PlaceView:
        """A place. Raises Refused for one that is not there, TooMany, Unavailable."""
        found = self._places.get((community, place_id))
        if found is None or found[0] < time.monotonic() - KEPT_SECONDS:
            place = await self._services.directory.get_place(caller, community, place_id)
            self.remember(community, place)
            return place
        return found[1]

    def remember(self, community: str, *places: PlaceView) -> None:
        """Keep places that an answer of the directory told."""
        if len(self._places) > MOST:
            self._places.clear()
        now = time.monotonic()
        self._places |= {(community, one.id): (now, one) for one in places}

    async def way_to(self, caller: Caller, community: str, place_id: UUID) -> list[PlaceView]:
        """A place and whatever it lies in, from the community down. Raises as `get`."""
        way = [await self.get(caller, community, place_id)]
        while (above := way[0].parent_id) and len(way) < MOST_STEPS:
            way.insert(0, await self.get(caller, community, above))
        return way

    async def title(self, caller: Caller, community: str, place_id: UUID) -> str:
        """What a place is called, from its compound on: `文化路1号院 1栋`. Raises as `get`."""
        *above, place = await self.way_to(caller, community, place_id)
        said = [one.title for one in above if one.kind not in ABOVE]
        return " ".join([*said, place.title])
