"""What communities are called: remembered for a while, so that not every page has to ask."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from services.console.clients import Caller, Refused, Services, TooMany, Unavailable
from services.console.clients.models.directory import MeView

__all__ = ["Titles"]

KEPT_SECONDS: Final = 600.0
MOST: Final = 10_000
LONGEST_SECONDS: Final = 0.5


class Titles:
    """The titles of communities by slug. One that is not known (yet) is called by its slug."""

    def __init__(self, services: Services) -> None:
        """Start with none."""
        self._services = services
        self._titles: dict[str, tuple[float, str]] = {}

    def __getitem__(self, community: str) -> str:
        """The title of a community."""
        return self._titles.get(community, (0.0, community))[1]

    async def learn(self, own: Iterable[str], place: str, caller: Caller) -> None:
        """Ask the directory for what is unknown or long known.

        `own` are the caller's communities; `place` is that of the page, whose title has to be
        looked up for the operator, who belongs to none. It may be empty.
        """
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                if not all(map(self._is_known, own)):
                    self.remember(await self._services.directory.get_me(caller))
                if place and not self._is_known(place):
                    await self._look_up(place, caller)
        except (Refused, TooMany, Unavailable, TimeoutError):
            return  # a title is not worth a page

    def remember(self, me: MeView) -> None:
        """Keep the titles that an answer of the directory tells."""
        for one in me.memberships:
            self.keep(one.community, one.title)

    def keep(self, community: str, title: str) -> None:
        """Keep one title that has just been told, or given."""
        if len(self._titles) > MOST:
            self._titles.clear()
        self._titles[community] = (time.monotonic(), title)

    def _is_known(self, community: str) -> bool:
        old = time.monotonic() - KEPT_SECONDS
        return self._titles.get(community, (old, ""))[0] > old

    async def _look_up(self, community: str, caller: Caller) -> None:
        """By the root of its places, which is called as the community is."""
        found = await self._services.directory.list_places(
            caller, community, kind="community", limit=1
        )
        for root in found.items:
            self.keep(community, root.title)
