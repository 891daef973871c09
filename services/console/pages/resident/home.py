"""The first page of a community: ask for something, see where it stands, read what is new."""

import asyncio

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()

REQUESTS_SHOWN = 3


@router.get("/")
async def home(visitor: SignedIn) -> Response:
    """The visitor's latest requests, and the last notice that is unread."""
    services = visitor.services
    mine, news = await asyncio.gather(
        part(
            services.requests.list_requests(
                visitor.caller, visitor.community, mine=True, limit=REQUESTS_SHOWN
            )
        ),
        part(services.notify.list_inbox(visitor.caller, unread=True, limit=1)),
    )
    return visitor.page("resident/home.html", mine=mine, news=news)
