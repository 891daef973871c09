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

    async def learn(self, communities: Iterable[str], caller: Caller) -> None:
        """Ask the directory, if any of the caller's communities is unknown or long known."""
        old = time.monotonic() - KEPT_SECONDS
        if any(self._titles.get(one, (old, ""))[0] <= old for one in communities):
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    self.remember(await self._services.directory.get_me(caller))
            except (Refused, TooMany, Unavailable, TimeoutError):
                return  # a title is not worth a page

    def remember(self, me: MeView) -> None:
        """Keep the titles that an answer of the directory tells."""
        if len(self._titles) > MOST:
            self._titles.clear()
        now = time.monotonic()
        self._titles |= {one.community: (now, one.title) for one in me.memberships}
