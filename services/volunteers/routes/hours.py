"""Hours of service (志愿服务时长)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.volunteers import actions, store
from services.volunteers.permissions import may
from services.volunteers.routes.views import HoursView, RecordView
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/service-hours", route_class=Door)


@router.get("/me")
async def get_own_hours(
    community: CommunityPath,
    caller: Annotated[Caller, may("see the own hours")],
    tx: Tx,
    page: Annotated[PageQuery, Query()],
) -> HoursView:
    """What I have done, newest first, and all of it together."""
    return await _hours(tx, community, caller.person_id, page)


@router.get("/{person_id}", dependencies=[may("see hours")])
async def get_hours(
    community: CommunityPath, person_id: UUID, tx: Tx, page: Annotated[PageQuery, Query()]
) -> HoursView:
    """What a member has done."""
    await actions.require_somebody(tx, community, person_id)
    return await _hours(tx, community, person_id, page)


async def _hours(tx: Tx, community: str, person_id: UUID, page: PageQuery) -> HoursView:
    found = await store.records(tx, community, person_id, after=page.after, limit=page.limit)
    views = [RecordView.model_validate(one, from_attributes=True) for one in found]
    return HoursView(
        person_id=person_id,
        service_minutes=await store.total_minutes(tx, community, person_id),
        records=Page[RecordView].of(views, [one.id for one in found], page.limit),
    )
