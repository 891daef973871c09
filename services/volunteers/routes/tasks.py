"""Tasks: find one, take it, work on it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.volunteers import actions, store
from services.volunteers.domain import State
from services.volunteers.permissions import may
from services.volunteers.routes.views import (
    Acting,
    ActingBody,
    Completing,
    Declining,
    TaskView,
    actor_of,
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
    community: CommunityPath,
    task_id: UUID,
    caller: Annotated[Caller, may("claim")],
    tx: Tx,
    edition: Edition,
    acting: ActingBody = None,
) -> TaskView:
    """Take the task (接单), for oneself or for one's organisation."""
    change = _change(caller, community, task_id, edition, acting)
    return edition.told(TaskView.of(await actions.claim(tx, change), caller))


@router.post("/{task_id}/decline")
async def decline(
    community: CommunityPath,
    task_id: UUID,
    declining: Declining,
    caller: Annotated[Caller, may("decline")],
    tx: Tx,
    edition: Edition,
) -> TaskView:
    """Give the task back, or turn its offer down (退单), with a reason."""
    change = _change(caller, community, task_id, edition, declining)
    task = await actions.decline(tx, change, reason=declining.reason)
    return edition.told(TaskView.of(task, caller))


@router.post("/{task_id}/check-in")
async def check_in(
    community: CommunityPath,
    task_id: UUID,
    caller: Annotated[Caller, may("check in")],
    tx: Tx,
    edition: Edition,
    acting: ActingBody = None,
) -> TaskView:
    """Begin the work at the place (签到)."""
    change = _change(caller, community, task_id, edition, acting)
    return edition.told(TaskView.of(await actions.check_in(tx, change), caller))


@router.post("/{task_id}/complete")
async def complete(
    community: CommunityPath,
    task_id: UUID,
    completing: Completing,
    caller: Annotated[Caller, may("complete")],
    tx: Tx,
    edition: Edition,
) -> TaskView:
    """Finish one's part (办结); when all have, the request is resolved."""
    change = _change(caller, community, task_id, edition, completing)
    task = await actions.complete(tx, change, completing.report())
    return edition.told(TaskView.of(task, caller))


@router.post("/{task_id}/enough")
async def enough(
    community: CommunityPath,
    task_id: UUID,
    caller: Annotated[Caller, may("say enough")],
    tx: Tx,
    edition: Edition,
) -> TaskView:
    """Be content with the takers who stand; the places that are free are gone."""
    change = _change(caller, community, task_id, edition, None)
    return edition.told(TaskView.of(await actions.enough(tx, change), caller))


def _change(
    caller: Caller, community: str, task_id: UUID, edition: Edition, acting: Acting | None
) -> actions.Change:
    return actions.Change(
        community,
        task_id,
        actor_of(caller, community),
        organisation_id=acting.organisation_id if acting else None,
        expected=edition.expected,
    )
