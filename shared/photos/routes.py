"""What the routes for photos have in common: the form that is sent, and the picture answered."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.photos.developing import Darkroom
from shared.photos.limits import LARGEST_FORM_BYTES
from shared.photos.store import Photo
from shared.photos.words import FIELD, PhotoMissing

__all__ = ["PHOTO", "PHOTO_FORM", "PhotoView", "SentPhoto", "photo_answer"]

_FILE: Final = {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or HEIC."}

PHOTO_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": [FIELD], "properties": {FIELD: _FILE}}
            }
        },
    }
}
"""How the API document shows what is sent (`openapi_extra`)."""

PHOTO: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The photo.",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""How it shows what is answered (`responses`)."""


class PhotoView(BaseModel):
    """What is known of a photo; the picture itself is at its own address."""

    id: UUID
    cycle: int
    made_by: UUID | None = Field(description="Hidden from those it does not concern.")
    made_at: datetime
    size_bytes: int

    @classmethod
    def of(cls, photo: Photo, *, concerned: bool = True) -> "PhotoView":
        """The view of a photo: others see what it shows, not whose it is."""
        view = cls.model_validate(photo, from_attributes=True)
        return view if concerned else view.model_copy(update={"made_by": None})


class _Form(MultiPartParser):
    """Keeps the file in memory: a container has no disk to write to."""

    spool_max_size = LARGEST_FORM_BYTES


async def _sent(request: Request) -> bytes:
    """The photo in the form of a request, developed. Raises the words of `shared.photos`."""
    darkroom: Darkroom = request.app.state.service.darkroom
    with darkroom.place():
        request.state.content = content = await _read(request)  # by which the door knows it again
        return await darkroom.develop(content)


async def _read(request: Request) -> bytes:
    try:
        form = await _Form(request.headers, request.stream(), max_files=1, max_fields=0).parse()
    except (MultiPartException, KeyError):  # no such form; no content type at all
        raise PhotoMissing(FIELD) from None
    file = form.get(FIELD)
    if not isinstance(file, UploadFile) or not file.size:
        raise PhotoMissing(FIELD)
    try:
        return await file.read()
    finally:
        await form.close()


SentPhoto = Annotated[bytes, Depends(_sent)]
"""A photo, ready to be kept.

In a route's parameters it goes after the permission, so that strangers cause no work, and before
the transaction, so that none waits for slow senders: they are resolved in their order.
"""


def photo_answer(picture: bytes) -> Response:
    """A picture as a browser may show it, and as nothing else."""
    return Response(
        picture,
        media_type="image/jpeg",
        headers={
            # It never changes; but who may see it does, so nobody keeps it for long.
            "cache-control": "private, max-age=600, immutable",
            "content-security-policy": "default-src 'none'; sandbox",
            "cross-origin-resource-policy": "same-origin",
            "x-content-type-options": "nosniff",
        },
    )
