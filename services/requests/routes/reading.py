"""Reading requests: one, a list, a history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.requests import store
from services.requests.domain import Status
from services.requests.permissions import may
from services.requests.routes.views import RequestView, StepView, concerns, seen_by
from shared.door import Door, Edition, Tx
from shared.fields import Code, CommunityPath, Words
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/requests", route_class=Door)

Viewer = Annotated[Caller, may("see requests")]


class Filters(PageQuery):
    """Which requests."""

    status: list[Status] = Field(default_factory=list[Status])
    category: Code | None = None
    place_id: UUID | None = None
    mine: bool = Field(default=False, description="Only those I asked, filed or handle.")
    q: Words | None = Field(default=None, description="Words of the description, also Chinese.")


@router.get("")
async def list_requests(
    community: CommunityPath, viewer: Viewer, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[RequestView]:
    """Requests, newest first; others' private ones only for staff."""
    eyes = viewer.person_id if filters.mine else seen_by(viewer, community)
    found = await store.search(
        tx,
        store.Search(
            community=community,
            seen_by=eyes,
            mine=filters.mine,
            statuses=filters.status,
            category=filters.category,
            place_id=filters.place_id,
            words=filters.q or None,
            after=filters.after,
            limit=filters.limit,
        ),
    )
    views = [RequestView.of(one, viewer) for one in found]
    return Page[RequestView].of(views, [one.id for one in found], filters.limit)


@router.get("/{request_id}")
async def get_request(
    community: CommunityPath, request_id: UUID, viewer: Viewer, tx: Tx, edition: Edition
) -> RequestView:
    """One request, with its version as `ETag`."""
    request = await store.read(tx, community, request_id, seen_by=seen_by(viewer, community))
    return edition.told(RequestView.of(request, viewer))


@router.get("/{request_id}/history")
async def get_history(
    community: CommunityPath, request_id: UUID, viewer: Viewer, tx: Tx
) -> list[StepView]:
    """Every step of a request, oldest first."""
    request = await store.read(tx, community, request_id, seen_by=seen_by(viewer, community))
    concerned = concerns(request, viewer)
    steps = await store.history(tx, community, request_id)
    return [StepView.of(one, concerned=concerned) for one in steps]
