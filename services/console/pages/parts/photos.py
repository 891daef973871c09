"""Photos that a form sends: passed on one by one, and what is said beside their field.

The field is `parts/photos.html`; the form says `takes_files`. Its page looks at what came before
anything is done (`photo_refusal`), does it, and then passes the photos on (`add_photos`).
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages.parts.forms import Refusal, refusal
from services.console.pages.texts import ENGLISH, N_
from services.console.pages.visitor import Visitor
from shared.photos import LARGEST_PHOTO_BYTES, PHOTOS_EACH, PhotoTooLarge, TooManyPhotos
from shared.photos.words import FIELD
from shared.problems import Problem

__all__ = ["PHOTOS", "SentPhotos", "add_photos", "photo_refusal"]

PHOTOS: Final = "photos"
"""The field of the form; it may hold several."""

NAME_CHARACTERS: Final = 40

type Add = Callable[[Mapping[str, tuple[str, bytes, str]], str], Awaitable[object]]
"""Gives a service one photo, under an Idempotency-Key."""


async def _sent(request: Request) -> Sequence[UploadFile]:
    form = await request.form()
    found = form.getlist(PHOTOS)
    return [one for one in found if isinstance(one, UploadFile) and one.filename]


SentPhotos = Annotated[Sequence[UploadFile], Depends(_sent)]
"""The photos of a form, in their order; an empty field sends none."""


def photo_refusal(photos: Sequence[UploadFile], visitor: Visitor) -> Refusal | None:
    """What is wrong at first sight: too many, or one too large. None: they may be passed on."""
    if len(photos) > PHOTOS_EACH:
        return Refusal(status=400, remarks={PHOTOS: _words(TooManyPhotos, visitor)})
    for number, photo in enumerate(photos, 1):
        if (photo.size or 0) > LARGEST_PHOTO_BYTES:
            why = _words(PhotoTooLarge, visitor)
            return Refusal(status=413, remarks={PHOTOS: _which(photo, number, why, visitor)})
    return None


async def add_photos(
    photos: Sequence[UploadFile], visitor: Visitor, add: Add, *, once: str = ""
) -> Refusal | None:
    """Pass photos on, one after the other; None: all are kept.

    Of those that a service refuses it is said which and why; the others are kept all the same. The
    key of each follows from its content, so a form that is sent again adds none twice.
    """
    remarks: list[str] = []
    found: Refusal | None = None
    for number, photo in enumerate(photos, 1):
        content = await photo.read()
        key = f"{once or visitor.once}-{hashlib.sha256(content).hexdigest()[:32]}"
        try:
            await add({FIELD: ("photo", content, "application/octet-stream")}, key)
        except (Refused, TooMany, Unavailable) as problem:
            found = refusal(problem, visitor, {})
            remarks.append(_which(photo, number, found.remarks["form"], visitor))
            if not isinstance(problem, Refused):
                break  # the next ones would only wait as long
    if found is None:
        return None
    return found.model_copy(update={"remarks": {PHOTOS: " ".join(remarks)}})


def _words(problem: type[Problem], visitor: Visitor) -> str:
    return problem.en if visitor.language == ENGLISH else problem.zh


def _which(photo: UploadFile, number: int, why: str, visitor: Visitor) -> str:
    name = (photo.filename or "")[:NAME_CHARACTERS]
    pattern = visitor.gettext(N_("第 %(number)d 张（%(name)s）：%(why)s"))
    return pattern % {"number": number, "name": name, "why": why}
