"""The session in the browser's cookie: it is read, renewed in time, and never stored here."""

import asyncio
import re
import time
from dataclasses import dataclass, replace
from typing import Final, Self

from services.console.clients import Caller, Services
from services.console.clients.models.directory import RefreshToken, TokensView

__all__ = ["Renewals", "Session"]

MARGIN_SECONDS: Final = 30
REMEMBERED_SECONDS: Final = 60.0

_PACKED: Final = re.compile(r"[0-9]{1,12}~[!-}]+~[!-}]+")


@dataclass(frozen=True, slots=True)
class Session:
    """The tokens of somebody who is signed in, and when (Unix seconds) the first one ends."""

    access_token: str
    refresh_token: str
    expires_at: int

    @classmethod
    def begun(cls, tokens: TokensView) -> Self:
        """The session that an answer of the directory begins or continues."""
        return cls(tokens.access_token, tokens.refresh_token, int(time.time()) + tokens.expires_in)

    @classmethod
    def unpacked(cls, packed: str) -> Self | None:
        """The session in a cookie; None when there is none, or it is not one of ours."""
        if not _PACKED.fullmatch(packed):
            return None
        expires_at, refresh_token, access_token = packed.split("~")
        return cls(access_token, refresh_token, int(expires_at))

    def packed(self) -> str:
        """As a cookie holds it: neither kind of token has a `~`, and a cookie may."""
        return f"{self.expires_at}~{self.refresh_token}~{self.access_token}"

    def ended(self) -> Self:
        """The session with its access token over: the next page renews it."""
        return replace(self, expires_at=0)

    def is_over(self) -> bool:
        """Whether the access token has ended, or ends while it is on its way."""
        return time.time() > self.expires_at - MARGIN_SECONDS


class Renewals:
    """Renews each session once, however many of its pages ask at the same time.

    A refresh token is good for one use, and a second use ends the session: two tabs that are
    opened together, or an answer that never reached the browser, must not sign anybody out.
    """

    def __init__(self, services: Services) -> None:
        """Start with none under way."""
        self._services = services
        self._renewals: dict[str, asyncio.Task[Session]] = {}

    async def renew(self, session: Session, caller: Caller) -> Session:
        """The session that follows. Raises Refused, TooMany, Unavailable."""
        spent = session.refresh_token
        if spent not in self._renewals:
            self._renewals[spent] = asyncio.create_task(self._renew(spent, caller))
        return await asyncio.shield(self._renewals[spent])

    async def _renew(self, spent: str, caller: Caller) -> Session:
        try:
            renewed = Session.begun(
                await self._services.directory.refresh(caller, RefreshToken(refresh_token=spent))
            )
        except BaseException:
            del self._renewals[spent]
            raise
        loop = asyncio.get_running_loop()
        loop.call_later(REMEMBERED_SECONDS, self._renewals.pop, spent)
        return renewed
