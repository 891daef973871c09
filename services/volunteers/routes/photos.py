"""Photos of the work at a task."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.volunteers import actions, store
from services.volunteers.domain import Task
from services.volunteers.permissions import may
from services.volunteers.routes.stepping import Step, stepping
from services.volunteers.routes.views import concerns, eyes_of
from shared import photos
from shared.database import Transaction
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.photos import PHOTO, PHOTO_FORM, PhotoView, SentPhoto, photo_answer
from shared.problems import NotFound

__all__ = ["router"]

router = APIRouter(prefix="/tasks/{task_id}/photos", route_class=Door)

Viewer = Annotated[Caller, may("see tasks")]


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=PHOTO_FORM)
async def add_photo(
    step: Annotated[Step, stepping("add photos")], photo: SentPhoto, tx: Tx
) -> PhotoView:
    """Show the work, before it or after it: up to six photos of each person's.

    A photo is kept without anything that was in the file beside its picture, at most 1600 pixels
    long. Where the category asks for one, it comes before `complete`.
    """
    return PhotoView.of(await actions.add_photo(tx, step.change(), photo))


@router.get("")
async def list_photos(
    community: CommunityPath, task_id: UUID, viewer: Viewer, tx: Tx
) -> list[PhotoView]:
    """The photos of a task, oldest first, for staff, owners and takers."""
    task = await _shown(tx, community, task_id, viewer)
    return [PhotoView.of(one) for one in await photos.photos_of(tx, community, task.id)]


@router.get("/{photo_id}", response_class=Response, responses=PHOTO)
async def get_photo(
    community: CommunityPath, task_id: UUID, photo_id: UUID, viewer: Viewer, tx: Tx
) -> Response:
    """One photo, a JPEG."""
    task = await _shown(tx, community, task_id, viewer)
    return photo_answer(await photos.picture(tx, community, task.id, photo_id))


async def _shown(tx: Transaction, community: str, task_id: UUID, viewer: Caller) -> Task:
    """A task that concerns the viewer; a listed one is seen by many. Raises NotFound."""
    task = await store.read(tx, community, task_id, eyes=eyes_of(viewer, community))
    if not concerns(task, viewer):
        raise NotFound
    return task
