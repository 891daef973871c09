"""Tasks: find one, take it, work on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.volunteers import actions, store
from services.volunteers.domain import State
from services.volunteers.permissions import may
from services.volunteers.routes.stepping import Step, stepping
from services.volunteers.routes.views import (
    ActingBody,
    Completing,
    Declining,
    TaskView,
    eyes_of,
)
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/tasks", route_class=Door)

Viewer = Annotated[Caller, may("see tasks")]


class Filters(PageQuery):
    """Which tasks."""

    state: list[State] = Field(default_factory=list[State])
    mine: bool = Field(default=False, description="Only those I hold or am offered.")
    place_id: UUID | None = None
    request_id: UUID | None = Field(default=None, description="The tasks of one request.")


@router.get("")
async def list_tasks(
    community: CommunityPath, viewer: Viewer, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[TaskView]:
    """Tasks, newest first: for staff all, for others what they may take, hold or have asked."""
    found = await store.search(
        tx,
        store.Search(
            community=community,
            eyes=eyes_of(viewer, community),
            mine=filters.mine,
            states=filters.state,
            place_id=filters.place_id,
            request_id=filters.request_id,
            after=filters.after,
            limit=filters.limit,
        ),
    )
    views = [TaskView.of(one, viewer) for one in found]
    return Page[TaskView].of(views, [one.id for one in found], filters.limit)


@router.get("/{task_id}")
async def get_task(
    community: CommunityPath, task_id: UUID, viewer: Viewer, tx: Tx, edition: Edition
) -> TaskView:
    """One task, with its version as `ETag`."""
    task = await store.read(tx, community, task_id, eyes=eyes_of(viewer, community))
    return edition.told(TaskView.of(task, viewer))


@router.post("/{task_id}/claim")
async def claim(
    step: Annotated[Step, stepping("claim")], tx: Tx, acting: ActingBody = None
) -> TaskView:
    """Take the task (接单), for oneself or for one's organisation."""
    return step.told(await actions.claim(tx, step.change(acting)))


@router.post("/{task_id}/decline")
async def decline(
    step: Annotated[Step, stepping("decline")], declining: Declining, tx: Tx
) -> TaskView:
    """Give the task back, or turn its offer down (退单), with a reason."""
    change = step.change(declining)
    return step.told(await actions.decline(tx, change, reason=declining.reason))


@router.post("/{task_id}/check-in")
async def check_in(
    step: Annotated[Step, stepping("check in")], tx: Tx, acting: ActingBody = None
) -> TaskView:
    """Begin the work at the place (签到)."""
    return step.told(await actions.check_in(tx, step.change(acting)))


@router.post("/{task_id}/complete")
async def complete(
    step: Annotated[Step, stepping("complete")], completing: Completing, tx: Tx
) -> TaskView:
    """Finish one's part (办结); when all have, the request is resolved."""
    change = step.change(completing)
    return step.told(await actions.complete(tx, change, completing.report()))


@router.post("/{task_id}/enough")
async def enough(step: Annotated[Step, stepping("say enough")], tx: Tx) -> TaskView:
    """Be content with the takers who stand; the places that are free are gone."""
    return step.told(await actions.enough(tx, step.change()))
