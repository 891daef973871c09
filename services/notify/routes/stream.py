"""The inbox, live: server-sent events for as long as the reader's token is good."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notify.routes.views import Asked, NoticeView, Owner, UnreadView, reader_of
from services.notify.store import Live
from shared import clock
from shared.door import Door
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(prefix="/inbox", route_class=Door)

RETRY_MILLISECONDS: Final = 2000


@router.get("/stream", response_class=EventSourceResponse)
async def stream_inbox(
    request: Request,
    owner: Owner,
    asked: Asked,
    last_event_id: Annotated[
        UUID | None, Header(description="Begin after this notice; none: with what is new.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """My notices as they come (`notice`), and how many are unread when that changes (`unread`).

    A comment every 15 s keeps the connection open. The stream ends when the token does, or when
    the service stops: open another one, with `Last-Event-ID`, and nothing is missed.
    """
    live: Live = request.app.state.live
    seconds = _seconds_left(owner)
    with live.opened(reader_of(owner), after=last_event_id, seconds=seconds) as stream:
        yield ServerSentEvent(retry=RETRY_MILLISECONDS)
        while (news := await stream.news()) is not None:
            notices, unread = news
            for notice in notices:
                view = NoticeView.of(notice, asked)
                yield ServerSentEvent(event="notice", id=str(notice.id), data=view)
            if unread is not None:
                yield ServerSentEvent(event="unread", data=UnreadView(count=unread))


def _seconds_left(caller: Caller) -> float:
    """How long the caller's token is believed."""
    return max(0.0, (caller.believed_until - clock.now()).total_seconds())
