"""The inbox, live: server-sent events for as long as the reader's token is good."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notify.permissions import may
from services.notify.routes.views import Asked, NoticeView, Owner, UnreadView, reader_of
from services.notify.store import Live, Stream
from shared import clock
from shared.door import Door

__all__ = ["router"]

router = APIRouter(prefix="/inbox", route_class=Door)

RETRY_MILLISECONDS: Final = 2000


async def _opened(
    request: Request,
    owner: Owner,
    last_event_id: Annotated[
        UUID | None, Header(description="Begin after this notice; none: with what is new.")
    ] = None,
) -> AsyncIterator[Stream]:
    """Open before the answer begins: a house that is full says so by its status."""
    live: Live = request.app.state.live
    seconds = max(0.0, (owner.believed_until - clock.now()).total_seconds())
    with live.opened(reader_of(owner), after=last_event_id, seconds=seconds) as stream:
        yield stream


@router.get("/stream", response_class=EventSourceResponse, dependencies=[may.signed_in()])
async def stream_inbox(
    asked: Asked, stream: Annotated[Stream, Depends(_opened)]
) -> AsyncIterator[ServerSentEvent]:
    """My notices as they come (`notice`), and how many are unread when that changes (`unread`).

    A comment every 15 s keeps the connection open. The stream ends when the token does, or when
    the service stops: open another one, with `Last-Event-ID`, and nothing is missed.
    """
    yield ServerSentEvent(retry=RETRY_MILLISECONDS)
    while (news := await stream.news()) is not None:
        notices, unread = news
        for notice in notices:
            view = NoticeView.of(notice, asked)
            yield ServerSentEvent(event="notice", id=str(notice.id), data=view)
        if unread is not None:
            yield ServerSentEvent(event="unread", data=UnreadView(count=unread))
