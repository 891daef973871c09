"""What a page is told while somebody looks at it: which requests changed, how many notices wait.

The script of the page looks again when it is told, and every 30 s where it cannot be told
(`static/live.js`); so an event says what changed, never what it is now.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
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

__all__ = ["Screens", "router"]

router = APIRouter()

MOST_SCREENS: Final = 1000
"""How many pages one process keeps informed; the others look every 30 s."""

WAITING: Final = 100
"""How many events wait for a page; then the services keep the rest."""

PING_SECONDS: Final = 20.0
RETRY_MILLISECONDS: Final = 2000


class _Data(BaseModel):
    """The ids in what a service tells: a change is its request's own, a notice is about one."""

    id: UUID | None = None
    request_id: UUID | None = None


class _Change(BaseModel):
    """Which kind of thing changed, and which request."""

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
        """Begin after what the page was told last: the id of a change, `~`, that of a notice."""
        change, _, notice = after.partition("~")
        self.after = {"requests": _id(change), "notices": _id(notice)}
        self.sources: dict[str, AsyncIterator[Told]] = {}
        self._told = asyncio.Queue[bytes | None](maxsize=WAITING)
        self._stopping = stopping

    async def events(self) -> AsyncIterator[bytes]:
        """What the services tell, until one of them falls silent: then the page comes again."""
        tasks = [asyncio.create_task(self._pass_on(*one)) for one in self.sources.items()]
        tasks.append(asyncio.create_task(self._stop()))
        try:
            yield format_sse_event(retry=RETRY_MILLISECONDS)
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
    opened, caller = screens.streams.opened, visitor.caller
    screens.count += 1
    try:
        async with AsyncExitStack() as stack:
            for of, path in (("requests", changes(community)), ("notices", INBOX)):
                source = opened(path, caller, screen.after[of])
                screen.sources[of] = await stack.enter_async_context(source)
            yield screen
    finally:
        screens.count -= 1


@router.get("/in/{community}/live")
async def live(visitor: SignedIn, screen: Annotated[Screen, Depends(_screen)]) -> Response:
    """`changed` (`of`: requests or notices, `id`: the request's) and `unread` (`count`)."""
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
