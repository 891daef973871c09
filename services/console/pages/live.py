"""What a page is told while somebody looks at it: what changed, and how many notices wait.

The script of the page looks again when it is told, and every 30 s where it cannot be told
(`static/live.js`); so an event says what changed, never what it is now.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from itertools import zip_longest
from typing import Annotated, Final
from uuid import UUID

from anyio import CancelScope
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, ValidationError

from services.console.clients import Unavailable
from services.console.clients.streams import INBOX, Streams, Told, changes
from services.console.pages.access import SignedIn
from services.console.pages.parts.navigation import COORDINATORS, HELPERS
from services.console.pages.visitor import Visitor

__all__ = ["Screens", "router"]

router = APIRouter()

MOST_SCREENS: Final = 1000
"""How many pages one process keeps informed; the others look every 30 s."""

WAITING: Final = 100
"""How many events wait for a page; then the services keep the rest."""

PING_SECONDS: Final = 20.0
RETRY_MILLISECONDS: Final = 2000

AGAIN_SECONDS: Final = 30.0
"""After which a page comes again that is not told of everything: a service was not there."""

KINDS: Final = ("requests", "notices", "tasks")
"""Of what a page is told; the id of its stream holds how far it has been, in this order."""


class _Kinds(BaseModel):
    """Of what the page is told: for the rest it looks itself."""

    of: list[str]


class _Data(BaseModel):
    """The ids in what a service tells: a change is the thing's own, a notice is about a request."""

    id: UUID | None = None
    request_id: UUID | None = None


class _Change(BaseModel):
    """Which kind of thing changed, and which one."""

    of: str
    id: UUID | None


class Screens:
    """The pages that are kept informed by this process."""

    def __init__(self, streams: Streams) -> None:
        """Start with none."""
        self.streams = streams
        self.stopping = asyncio.Event()
        """Set when the server begins to stop: every screen is let go at once."""
        self.count = 0


class Screen:
    """One page that is informed, and how far it has been."""

    def __init__(self, after: str, stopping: asyncio.Event) -> None:
        """Begin after what the page was told last: an id of each kind, `~` between them."""
        told = [_id(one) for one in after.split("~")]
        self.after: dict[str, str] = {}
        """By kind: of each one, whether told of it or not yet."""
        self.after.update(zip_longest(KINDS, told[: len(KINDS)], fillvalue=""))
        self.sources: dict[str, AsyncIterator[Told]] = {}
        self.is_whole = True
        """Whether all services are there that it wants to hear."""
        self._told = asyncio.Queue[bytes | None](maxsize=WAITING)
        self._stopping = stopping

    async def events(self) -> AsyncIterator[bytes]:
        """What the services tell, until one of them falls silent: then the page comes again."""
        tasks = [asyncio.create_task(self._pass_on(*one)) for one in self.sources.items()]
        tasks.append(asyncio.create_task(self._stop()))
        kinds = _Kinds(of=[*self.sources]).model_dump_json()
        try:
            yield format_sse_event(event="told", data_str=kinds, retry=RETRY_MILLISECONDS)
            while (event := await self._next()) is not None:
                yield event
        finally:
            for task in tasks:
                task.cancel()
            # Cut off once more while they close, they would leave the services' streams open.
            with CancelScope(shield=True):
                await asyncio.wait(tasks)

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(PING_SECONDS):
                return await self._told.get()
        except TimeoutError:
            return KEEPALIVE_COMMENT

    async def _stop(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(None if self.is_whole else AGAIN_SECONDS):
                await self._stopping.wait()
        await self._told.put(None)

    async def _pass_on(self, of: str, source: AsyncIterator[Told]) -> None:
        async for told in source:
            self.after[of] = told.id or self.after[of]
            is_count = told.event == "unread"
            await self._told.put(
                format_sse_event(
                    event="unread" if is_count else "changed",
                    id="~".join(self.after.values()),
                    data_str=told.data if is_count else _change(of, told),
                )
            )
        await self._told.put(None)


async def _screen(
    request: Request,
    visitor: SignedIn,
    community: str,
    after: str = "",
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[Screen]:
    """Have every stream open before the answer begins, and until it has ended."""
    screens: Screens = request.app.state.screens
    if screens.count >= MOST_SCREENS or screens.stopping.is_set():
        raise Unavailable
    screen = Screen(last_event_id or after, screens.stopping)
    screens.count += 1
    try:
        async with AsyncExitStack() as stack:
            for of, path in _wanted(visitor, community).items():
                source = screens.streams.opened(path, visitor.caller, screen.after[of])
                try:
                    screen.sources[of] = await stack.enter_async_context(source)
                except Unavailable:
                    screen.is_whole = False
            if not screen.sources:
                raise Unavailable
            yield screen
    finally:
        screens.count -= 1


def _wanted(visitor: Visitor, community: str) -> Mapping[str, str]:
    """What the visitor's pages show, and where it is told."""
    wanted = {"requests": changes("requests", community), "notices": INBOX}
    if visitor.roles & (HELPERS | COORDINATORS):
        wanted["tasks"] = changes("volunteers", community)
    return wanted


@router.get("/in/{community}/live")
async def live(visitor: SignedIn, screen: Annotated[Screen, Depends(_screen)]) -> Response:
    """`told` (`of` which kinds), `changed` (`of` one; `id`: which, if one) and `unread` (`count`).

    The id of a changed notice is that of its request.
    """
    headers = {"x-accel-buffering": "no"}
    answer = StreamingResponse(screen.events(), headers=headers, media_type="text/event-stream")
    return visitor.with_cookies(answer)


def _change(of: str, told: Told) -> str:
    """What the page hears: nothing of what somebody wrote."""
    try:
        what = _Data.model_validate_json(told.data)
    except ValidationError:
        what = _Data()
    return _Change(of=of, id=what.request_id or what.id).model_dump_json()


def _id(sent: str) -> str:
    """An id, or nothing where the browser sent something else."""
    try:
        return str(UUID(sent))
    except ValueError:
        return ""
