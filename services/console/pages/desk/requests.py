"""The table of requests."""

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()


@router.get("/desk")
async def requests(visitor: SignedIn) -> Response:
    """The latest requests of the community."""
    ask = visitor.services.requests.list_requests
    found = await part(ask(visitor.caller, visitor.community))
    return visitor.page("desk/requests.html", requests=found)
