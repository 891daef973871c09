"""Reading requests: one, a list, the queues of the desk, a history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.requests import domain, store
from services.requests.domain import Queue, Status
from services.requests.permissions import may
from services.requests.routes.eyes import concerns, eyes_of, seen_by
from services.requests.routes.views import (
    OwnChoicesView,
    QueueCounts,
    RequestView,
    StepView,
)
from shared import clock
from shared.door import Door, Edition, Tx
from shared.fields import Code, CommunityPath, Words
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/requests", route_class=Door)

Viewer = Annotated[Caller, may("see requests")]
Grid = Annotated[UUID | None, Query(description="At this place or whatever lies in it.")]


class Filters(PageQuery):
    """Which requests."""

    ids: list[UUID] = Field(default_factory=list[UUID], max_length=100)
    status: list[Status] = Field(default_factory=list[Status])
    category: Code | None = None
    place_id: UUID | None = None
    grid: UUID | None = Field(default=None, description="At this place or whatever lies in it.")
    queue: Queue | None = Field(
        default=None, description="What waits for the desk, most urgent first."
    )
    order: store.Order = Field(
        default="newest", description="due: what is due first; without a limit last. Not of queues."
    )
    mine: bool = Field(default=False, description="Only those I asked, filed or handle.")
    q: Words | None = Field(default=None, description="Words of the description, also Chinese.")


@router.get("")
async def list_requests(
    community: CommunityPath, viewer: Viewer, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[RequestView]:
    """Requests, newest first unless wanted otherwise; others' private ones only for staff.

    A queue begins with what is due first, was closed first, or has waited longest.
    """
    eyes = eyes_of(viewer, community) if filters.mine else seen_by(viewer, community)
    found = await store.search(
        tx,
        store.Search(
            community=community,
            seen_by=eyes,
            mine=filters.mine,
            ids=filters.ids,
            statuses=filters.status,
            category=filters.category,
            queue=filters.queue,
            order=filters.order,
            place_id=filters.place_id,
            grid=filters.grid,
            words=filters.q or None,
            after=filters.after,
            limit=filters.limit,
        ),
        now=clock.now(),
    )
    views = [RequestView.of(one, viewer) for one in found]
    return Page[RequestView].of(views, [one.id for one in found], filters.limit)


@router.get("/queues", dependencies=[may("see the queues")])
async def count_queues(community: CommunityPath, tx: Tx, grid: Grid = None) -> QueueCounts:
    """How many requests wait for the desk, by what they wait for."""
    counts = await store.count_queues(tx, community, grid=grid, now=clock.now())
    return QueueCounts(**counts)


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
    """Every step of a request, oldest first; what staff noted for each other only for them."""
    eyes = seen_by(viewer, community)
    request = await store.read(tx, community, request_id, seen_by=eyes)
    concerned = concerns(request, viewer)
    steps = await store.history(tx, community, request_id, for_staff=eyes is None)
    return [StepView.of(one, concerned=concerned) for one in steps]


@router.get("/{request_id}/choices")
async def get_own_choices(
    community: CommunityPath, request_id: UUID, viewer: Viewer, tx: Tx
) -> OwnChoicesView:
    """What the caller can do with the request now, as whoever asked, filed or works on it."""
    request = await store.read(tx, community, request_id, seen_by=seen_by(viewer, community))
    found = domain.own_choices(request, by=viewer.person_id, now=clock.now())
    return OwnChoicesView.of(request, found)
