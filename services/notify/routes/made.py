"""Which notices were made: for the desk and for `jinlin verify`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.notify import store
from services.notify.permissions import may
from services.notify.routes.views import MadeView
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/notices", route_class=Door)


class Filters(PageQuery):
    """Which notices."""

    request_id: UUID | None = Field(default=None, description="Only those about this request.")
    event_id: UUID | None = Field(default=None, description="Only those that this event made.")


@router.get("", dependencies=[may("see which notices were made")])
async def list_made(
    community: CommunityPath, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[MadeView]:
    """Who was told of what, newest first: ids and kinds only."""
    found = await store.made(
        tx,
        community,
        request_id=filters.request_id,
        event_id=filters.event_id,
        after=filters.after,
        limit=filters.limit,
    )
    views = [MadeView.of(one) for one in found]
    return Page[MadeView].of(views, [one.id for one in found], filters.limit)
