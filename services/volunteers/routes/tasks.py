"""Tasks: find one, take it, work on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from services.volunteers import actions, store
from services.volunteers.domain import Board, State
from services.volunteers.permissions import may
from services.volunteers.routes.stepping import Step, stepping
from services.volunteers.routes.views import (
    ActingBody,
    ClaimingBody,
    Completing,
    Declining,
    TaskView,
    eyes_of,
    found_view,
)
from shared.door import Door, Edition, Tx
from shared.fields import Code, CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/tasks", route_class=Door)

Viewer = Annotated[Caller, may("see tasks")]


class Filters(PageQuery):
    """Which tasks."""

    board: Board | None = Field(
        default=None, description="Only those I may take, that wait for my answer, or that I hold."
    )
    state: list[State] = Field(default_factory=list[State])
    mine: bool = Field(default=False, description="Only those I hold or am offered.")
    category: list[Code] = Field(default_factory=list[Code], max_length=100)
    place_id: UUID | None = None
    request_id: UUID | None = Field(default=None, description="The tasks of one request.")
    request_ids: list[UUID] = Field(
        default_factory=list[UUID], max_length=100, description="The tasks of several."
    )
    since: AwareDatetime | None = Field(default=None, description="Made from then on.")
    near: UUID | None = Field(
        default=None, description="A place, a building at most: what lies closest to it first."
    )


@router.get("")
async def list_tasks(
    community: CommunityPath, viewer: Viewer, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[TaskView]:
    """Tasks: for staff all, for others what they may take, hold or have asked.

    Newest first; with `near`, first what lies in the same building, then in the same compound,
    and so on.
    """
    found = await store.search(
        tx,
        store.Search(
            community=community,
            eyes=eyes_of(viewer, community),
            board=filters.board,
            mine=filters.mine,
            states=filters.state,
            categories=filters.category,
            place_id=filters.place_id,
            request_id=filters.request_id,
            request_ids=filters.request_ids,
            since=filters.since,
            near=filters.near,
            after=filters.after,
            limit=filters.limit,
        ),
    )
    views = [found_view(one, viewer) for one in found]
    return Page[TaskView].of(views, [one.task.id for one in found], filters.limit)


@router.get("/{task_id}")
async def get_task(
    community: CommunityPath, task_id: UUID, viewer: Viewer, tx: Tx, edition: Edition
) -> TaskView:
    """One task, with its version as `ETag`."""
    task = await store.read(tx, community, task_id, eyes=eyes_of(viewer, community))
    return edition.told(TaskView.of(task, viewer))


@router.post("/{task_id}/claim")
async def claim(
    step: Annotated[Step, stepping("claim")], tx: Tx, claiming: ClaimingBody = None
) -> TaskView:
    """Take the task (接单), for oneself or for one's organisation, which may name who goes."""
    sent = claiming.person_id if claiming else None
    return step.told(await actions.claim(tx, step.change(claiming), sent=sent))


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
