"""The first page of a community: what I asked for last."""

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()

REQUESTS_SHOWN = 3


@router.get("/")
async def home(visitor: SignedIn) -> Response:
    """The visitor's latest requests."""
    ask = visitor.services.requests.list_requests
    mine = await part(ask(visitor.caller, visitor.community, mine=True, limit=REQUESTS_SHOWN))
    return visitor.page("resident/home.html", mine=mine)
