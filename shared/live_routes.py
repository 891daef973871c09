"""`/live`: what changes, by server-sent events, for as long as the reader's token is good."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from shared import clock
from shared.door import Door
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.live import Change, Live, Reader, Stream

__all__ = ["router"]

RETRY_MILLISECONDS: Final = 2000

PROMISE: Final = """

Ids and versions only: ask for what they mean. A comment every 15 s keeps the connection open.
The stream ends when the token does, or when the service stops: open another one, with
`Last-Event-ID`, to go on where it ended, after twelve hours at most. A hint may be lost (clocks of
replicas that are seconds apart): look now and then all the same.
"""


class ChangeView(BaseModel):
    """Something has a new version."""

    id: UUID | None = Field(
        description="Whose version it is; null: something changed that is not told one by one."
    )
    version: int


class _Opened(BaseModel, arbitrary_types_allowed=True):
    """A stream that is open, and what was missed before."""

    stream: Stream
    missed: list[Change]


def _opening(
    permission: Any, reader_of: Callable[[Caller, str], Reader]
) -> Callable[..., AsyncIterator[_Opened]]:
    """What opens a stream for those whom `permission` lets in, before the answer begins."""

    async def opened(
        request: Request,
        community: CommunityPath,
        viewer: Annotated[Caller, permission],
        last_event_id: Annotated[
            UUID | None, Header(description="Begin after this event; none: with what is new.")
        ] = None,
    ) -> AsyncIterator[_Opened]:
        """A house that is full says so by its status."""
        live: Live = request.app.state.live
        reader = reader_of(viewer, community)
        seconds = max(0.0, (viewer.believed_until - clock.now()).total_seconds())
        with live.opened(reader, seconds=seconds) as stream:
            database = request.app.state.service.database
            missed = await live.missed(database, reader, last_event_id) if last_event_id else []
            yield _Opened(stream=stream, missed=missed)

    return opened


def router(
    permission: Any, reader_of: Callable[[Caller, str], Reader], *, summary: str
) -> APIRouter:
    """The route, for those whom `permission` lets in; `summary` says what is told, and to whom.

    The app keeps its `Live` as `state.live`.
    """
    routes = APIRouter(route_class=Door)

    @routes.get(
        "/live",
        response_class=EventSourceResponse,
        dependencies=[permission],
        description=f"{summary}{PROMISE}".strip(),
    )
    async def stream_changes(
        opened: Annotated[_Opened, Depends(_opening(permission, reader_of))],
    ) -> AsyncIterator[ServerSentEvent]:
        """Tell what was missed, and then what changes."""
        yield ServerSentEvent(retry=RETRY_MILLISECONDS)
        news: list[Change] | None = opened.missed
        while news is not None:
            for one in news:
                view = ChangeView(id=one.entity_id, version=one.version)
                yield ServerSentEvent(event="changed", id=str(one.event_id), data=view)
            news = await opened.stream.news()

    return routes
