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
from shared.photos import FIRST_BYTES, PHOTOS_EACH, TooManyPhotos, fault_at_first_sight
from shared.photos.words import FIELD
from shared.problems import Problem

__all__ = ["PHOTOS", "PhotoRefusal", "SentPhotos", "add_photos", "photo_refusal"]

PHOTOS: Final = "photos"
"""The field of the form; it may hold several."""

NAME_CHARACTERS: Final = 40

type Add = Callable[[Mapping[str, tuple[str, bytes, str]], str], Awaitable[object]]
"""Gives a service one photo, under an Idempotency-Key."""


class PhotoRefusal(Refusal):
    """What is said about photos that a service refused."""

    numbers: list[int]
    """Which ones: the first of a form is 1."""


async def _sent(request: Request) -> Sequence[UploadFile]:
    form = await request.form()
    found = form.getlist(PHOTOS)
    return [one for one in found if isinstance(one, UploadFile) and one.filename]


SentPhotos = Annotated[Sequence[UploadFile], Depends(_sent)]
"""The photos of a form, in their order; an empty field sends none."""


def photo_refusal(photos: Sequence[UploadFile], visitor: Visitor) -> Refusal | None:
    """What is wrong at first sight: too many, one too large, or no photo. None: pass them on."""
    if len(photos) > PHOTOS_EACH:
        return Refusal(status=400, remarks={PHOTOS: _words(TooManyPhotos, visitor)})
    for number, photo in enumerate(photos, 1):
        first = photo.file.read(FIRST_BYTES)
        photo.file.seek(0)
        if fault := fault_at_first_sight(first, photo.size or 0):
            why = _which(photo, number, _words(fault, visitor), visitor)
            return Refusal(status=fault.status, remarks={PHOTOS: why})
    return None


async def add_photos(
    photos: Sequence[UploadFile], visitor: Visitor, add: Add, *, once: str = ""
) -> PhotoRefusal | None:
    """Pass photos on, one after the other; None: all are kept.

    Of those that a service refuses it is said which and why; the others are kept all the same. The
    key of each follows from its content, so a form that is sent again adds none twice.
    """
    remarks: list[str] = []
    numbers: list[int] = []
    found: Refusal | None = None
    for number, photo in enumerate(photos, 1):
        content = await photo.read()
        key = f"{once or visitor.once}-{hashlib.sha256(content).hexdigest()[:32]}"
        try:
            await add({FIELD: ("photo", content, "application/octet-stream")}, key)
        except (Refused, TooMany, Unavailable) as problem:
            found = refusal(problem, visitor, {})
            numbers.append(number)
            remarks.append(_which(photo, number, found.remarks["form"], visitor))
            if not isinstance(problem, Refused):
                break  # the next ones would only wait as long
    if found is None:
        return None
    said = {PHOTOS: " ".join(remarks)}
    return PhotoRefusal(status=found.status, headers=found.headers, remarks=said, numbers=numbers)


def _words(problem: type[Problem], visitor: Visitor) -> str:
    return problem.en if visitor.language == ENGLISH else problem.zh


def _which(photo: UploadFile, number: int, why: str, visitor: Visitor) -> str:
    name = (photo.filename or "")[:NAME_CHARACTERS]
    pattern = visitor.gettext(N_("第 %(number)d 张（%(name)s）：%(why)s"))
    return pattern % {"number": number, "name": name, "why": why}
