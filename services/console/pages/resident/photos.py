"""Photos of a request: those that show what is wrong, and those that show the work."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.console.clients.models.requests import RequestView
from services.console.clients.models.volunteers import PhotoView
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import Refusal
from services.console.pages.parts.photos import (
    PHOTOS,
    PhotoRefusal,
    SentPhotos,
    add_photos,
    photo_refusal,
)
from services.console.pages.visitor import Visitor
from shared.photos import PHOTOS_EACH, PhotoMissing, photo_answer

__all__ = ["WorkPhotos", "add_to", "router", "work_photos"]

router = APIRouter(prefix="/requests/{request_id}")


@dataclass(frozen=True, slots=True)
class WorkPhotos:
    """What the takers of a request showed, at one of its tasks."""

    task_id: UUID
    photos: list[PhotoView]


@router.get("/photos")
async def more_photos(
    visitor: SignedIn,
    request_id: UUID,
    refused: Annotated[list[Annotated[int, Field(ge=1, le=PHOTOS_EACH)]] | None, Query()] = None,
) -> Response:
    """The form for more photos; `refused`: of those that came with the request, these did not."""
    ask = visitor.services.requests.get_request
    request = await ask(visitor.caller, visitor.community, request_id)
    return _page(visitor, request, refused=refused or [])


@router.post("/photos")
async def send_photos(visitor: SignedIn, request_id: UUID, photos: SentPhotos) -> Response:
    """Add photos; those that are refused are told, the others are kept."""
    ask = visitor.services.requests.get_request
    request = await ask(visitor.caller, visitor.community, request_id)
    if not photos:
        words = PhotoMissing.en if visitor.language == "en" else PhotoMissing.zh
        return _page(visitor, request, Refusal(status=400, remarks={PHOTOS: words}))
    problem = photo_refusal(photos, visitor) or await add_to(visitor, request_id, photos)
    if problem:
        return _page(visitor, request, problem)
    return visitor.go_on(f"/in/{visitor.community}/requests/{request_id}?done=photos")


@router.get("/photos/{photo_id}")
async def one_photo(visitor: SignedIn, request_id: UUID, photo_id: UUID) -> Response:
    """A photo of the request."""
    ask = visitor.services.requests.get_photo
    return photo_answer(await ask(visitor.caller, visitor.community, request_id, photo_id))


@router.get("/work/{task_id}/{photo_id}")
async def one_work_photo(
    visitor: SignedIn,
    request_id: UUID,  # noqa: ARG001 - for the address only
    task_id: UUID,
    photo_id: UUID,
) -> Response:
    """A photo of the work."""
    ask = visitor.services.volunteers.get_photo
    return photo_answer(await ask(visitor.caller, visitor.community, task_id, photo_id))


async def add_to(visitor: Visitor, request_id: UUID, photos: SentPhotos) -> PhotoRefusal | None:
    """Add photos to a request; None: all are kept."""

    async def add(files: Any, key: str) -> object:
        ask = visitor.services.requests.add_photo
        return await ask(visitor.caller, visitor.community, request_id, files, idempotency_key=key)

    return await add_photos(photos, visitor, add)


def _page(
    visitor: Visitor,
    request: RequestView,
    problem: Refusal | None = None,
    *,
    refused: Sequence[int] = (),
) -> Response:
    return visitor.page(
        "resident/photos.html",
        problem.status if problem else 200,
        headers=problem.headers if problem else None,
        remarks=problem.remarks if problem else {},
        request=request,
        refused=refused,
    )


async def work_photos(visitor: Visitor, request_id: UUID) -> list[WorkPhotos]:
    """What the takers showed of their work. Raises Refused, TooMany, Unavailable."""
    services, caller, community = visitor.services.volunteers, visitor.caller, visitor.community
    tasks = (await services.list_tasks(caller, community, request_id=request_id)).items
    own = [one for one in tasks if one.requester_id or one.assignments]
    found = await asyncio.gather(
        *(services.list_photos(caller, community, task.id) for task in own)
    )
    return [WorkPhotos(task.id, shown) for task, shown in zip(own, found, strict=True) if shown]
