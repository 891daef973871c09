"""The first page of a community: ask for something or call, see where it stands."""

import asyncio

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()

REQUESTS_SHOWN = 3


@router.get("/")
async def home(visitor: SignedIn) -> Response:
    """The visitor's latest requests, the last notice that is unread, and whom to call."""
    services = visitor.services
    mine, news, line = await asyncio.gather(
        part(
            services.requests.list_requests(
                visitor.caller, visitor.community, mine=True, limit=REQUESTS_SHOWN
            )
        ),
        part(services.notify.list_inbox(visitor.caller, unread=True, limit=1)),
        part(services.directory.get_my_service_phone(visitor.caller, visitor.community)),
    )
    return visitor.page("resident/home.html", mine=mine, news=news, line=line)
