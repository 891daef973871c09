"""Requests that a grid worker may see."""

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()


@router.get("/grid")
async def requests(visitor: SignedIn) -> Response:
    """The latest requests."""
    ask = visitor.services.requests.list_requests
    found = await part(ask(visitor.caller, visitor.community))
    return visitor.page("grid/requests.html", requests=found)
