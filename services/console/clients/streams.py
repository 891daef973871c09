"""What the services tell as it happens: their streams of server-sent events, for one caller."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from pydantic import BaseModel

from services.console.clients.base import Caller, at
from services.console.clients.problems import Unavailable, refusal

__all__ = ["INBOX", "Streams", "Told", "changes"]

INBOX: Final = "/api/notify/inbox/stream"

OPEN_SECONDS: Final = 3.0
SILENT_SECONDS: Final = 40.0
"""A stream that says nothing for so long is dead: services say at least a comment every 15 s."""


class Told(BaseModel):
    """One event: its kind, its id and its data, as they came."""

    event: str
    id: str = ""
    data: str = ""


def changes(service: str, community: str) -> str:
    """Where a service tells what changes in a community."""
    return f"/api/{service}/{at(community)}/live"


class Streams:
    """The streams of the services, over connections of their own: pages never wait for one."""

    def __init__(self, origin: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Prepare for the services below `origin`."""
        self._http = httpx.AsyncClient(
            base_url=origin,
            transport=transport,
            timeout=httpx.Timeout(OPEN_SECONDS, read=SILENT_SECONDS),
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._http.aclose()

    @asynccontextmanager
    async def opened(
        self, path: str, caller: Caller, after: str = ""
    ) -> AsyncGenerator[AsyncIterator[Told]]:
        """The events of a stream, after one of its ids. Raises Refused, TooMany, Unavailable."""
        headers = caller.headers() | ({"last-event-id": after} if after else {})
        try:
            async with self._http.stream("GET", path, headers=headers) as answer:
                if answer.is_client_error:
                    await answer.aread()
                    raise refusal(answer)
                if not answer.is_success:
                    raise Unavailable(path)
                yield _events(answer)
        except httpx.HTTPError as error:
            raise Unavailable(path) from error


async def _events(answer: httpx.Response) -> AsyncIterator[Told]:
    """What an answer tells, until it ends or breaks off."""
    told: dict[str, str] = {}
    try:
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                told[name] = value
                continue
            if "event" in told:
                yield Told.model_validate(told)
            told = {}
    except httpx.HTTPError:
        return
