"""Requests, live: server-sent events for as long as the reader's token is good."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from services.requests.permissions import may
from services.requests.routes.eyes import seen_by
from shared import clock
from shared.door import Door
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.live import Change, Live, Reader, Stream

__all__ = ["router"]

router = APIRouter(route_class=Door)

RETRY_MILLISECONDS: Final = 2000

Viewer = Annotated[Caller, may("see requests")]


class ChangeView(BaseModel):
    """A request has a new version."""

    id: UUID | None = Field(
        description="The request's; null: more changed than is told one by one."
    )
    version: int


class _Opened(BaseModel, arbitrary_types_allowed=True):
    """A stream that is open, and what was missed before."""

    stream: Stream
    missed: list[Change]


async def _opened(
    request: Request,
    community: CommunityPath,
    viewer: Viewer,
    last_event_id: Annotated[
        UUID | None, Header(description="Begin after this event; none: with what is new.")
    ] = None,
) -> AsyncIterator[_Opened]:
    """Open before the answer begins: a house that is full says so by its status."""
    live: Live = request.app.state.live
    reader = Reader(viewer.person_id, community, sees_all=seen_by(viewer, community) is None)
    seconds = max(0.0, (viewer.believed_until - clock.now()).total_seconds())
    with live.opened(reader, seconds=seconds) as stream:
        database = request.app.state.service.database
        missed = await live.missed(database, reader, last_event_id) if last_event_id else []
        yield _Opened(stream=stream, missed=missed)


@router.get("/live", response_class=EventSourceResponse, dependencies=[may("see requests")])
async def stream_changes(
    opened: Annotated[_Opened, Depends(_opened)],
) -> AsyncIterator[ServerSentEvent]:
    """Which requests change (`changed`): all for staff, for others those they have to do with.

    Ids and versions only: ask for what they mean. A comment every 15 s keeps the connection open.
    The stream ends when the token does, or when the service stops: open another one, with
    `Last-Event-ID`, and nothing of the last twelve hours is missed.
    """
    yield ServerSentEvent(retry=RETRY_MILLISECONDS)
    news: list[Change] | None = opened.missed
    while news is not None:
        for one in news:
            view = ChangeView(id=one.entity_id, version=one.version)
            yield ServerSentEvent(event="changed", id=str(one.event_id), data=view)
        news = await opened.stream.news()
