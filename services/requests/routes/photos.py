"""Photos of a request."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.requests import actions, store
from services.requests.permissions import may
from services.requests.routes.eyes import concerns, seen_by
from services.requests.routes.stepping import Step, stepping
from shared import photos
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.photos import PHOTO, PHOTO_FORM, PhotoView, SentPhoto, photo_answer

__all__ = ["router"]

router = APIRouter(prefix="/requests/{request_id}/photos", route_class=Door)

Viewer = Annotated[Caller, may("see requests")]


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=PHOTO_FORM)
async def add_photo(
    step: Annotated[Step, stepping("add photos")], photo: SentPhoto, tx: Tx
) -> PhotoView:
    """Add a photo, up to six of each person's in a cycle.

    It is kept without anything that was in the file beside its picture, at most 1600 pixels long.
    """
    return PhotoView.of(await actions.add_photo(tx, step.change, photo))


@router.get("")
async def list_photos(
    community: CommunityPath, request_id: UUID, viewer: Viewer, tx: Tx
) -> list[PhotoView]:
    """The photos of a request, oldest first, for whoever may see it."""
    request = await store.read(tx, community, request_id, seen_by=seen_by(viewer, community))
    concerned = concerns(request, viewer)
    found = await photos.photos_of(tx, community, request.id)
    return [PhotoView.of(one, concerned=concerned) for one in found]


@router.get("/{photo_id}", response_class=Response, responses=PHOTO)
async def get_photo(
    community: CommunityPath, request_id: UUID, photo_id: UUID, viewer: Viewer, tx: Tx
) -> Response:
    """One photo, a JPEG."""
    request = await store.read(tx, community, request_id, seen_by=seen_by(viewer, community))
    return photo_answer(await photos.picture(tx, community, request.id, photo_id))
