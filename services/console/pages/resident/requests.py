"""What I asked for: the list, and one request with everything that happened."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients.models.requests import RequestView
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.part import part
from services.console.pages.resident.photos import work_photos
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/requests")

SHOWN = 20


@router.get("")
async def own_requests(visitor: SignedIn, after: UUID | None = None) -> Response:
    """What the visitor asked, filed or handles, newest first."""
    ask = visitor.services.requests.list_requests
    mine = await part(ask(visitor.caller, visitor.community, mine=True, after=after, limit=SHOWN))
    return visitor.page("resident/requests.html", mine=mine, is_first=after is None)


@router.get("/{request_id}")
async def one_request(visitor: SignedIn, request_id: UUID) -> Response:
    """Where a request stands, what can be done with it, its photos and its history."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    request = await services.requests.get_request(caller, community, request_id)
    choices, history, before, after, category = await asyncio.gather(
        part(services.requests.get_own_choices(caller, community, request_id)),
        part(services.requests.get_history(caller, community, request_id)),
        part(services.requests.list_photos(caller, community, request_id)),
        part(work_photos(visitor, request_id)),
        part(_category(visitor, request)),
    )
    people = {step.by for step in history.value or ()} | {request.requester_id, request.filed_by}
    return visitor.page(
        "resident/request.html",
        request=request,
        choices=choices,
        history=history,
        before=before,
        after=after,
        category=category,
        called=await called(visitor, people, [request.place_id]),
        done=visitor.parameter("done"),
    )


async def _category(visitor: Visitor, request: RequestView) -> object:
    found = await visitor.services.requests.get_catalogue(visitor.caller, visitor.community)
    return next((one for one in found if one.code == request.category), None)
