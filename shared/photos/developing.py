"""A photo in, a JPEG out: one process for each, one at a time."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

import structlog

from shared.apart import Apart
from shared.photos import darkroom
from shared.photos.limits import (
    LARGEST_PHOTO_BYTES,
    LARGEST_PIXELS,
    LONGEST_SIDE_PIXELS,
    SMALL_ENOUGH_BYTES,
)
from shared.photos.words import (
    FIELD,
    NotAPhoto,
    PhotoDamaged,
    PhotoMoves,
    PhotoTooLarge,
    TooManyPixels,
)
from shared.problems import Problem, Unavailable

__all__ = ["FIRST_BYTES", "Darkroom", "DarkroomBroken", "fault_at_first_sight"]

log = structlog.get_logger()

DEVELOP_SECONDS: Final = 7
"""With the wait for one's turn; a caller waits for eight."""

FIRST_BYTES: Final = 16
"""So many of them tell what a file is."""

_MEASURES: Final = (LARGEST_PIXELS, LONGEST_SIDE_PIXELS, SMALL_ENOUGH_BYTES)

_REFUSALS: Final[Mapping[int, type[Problem]]] = {
    darkroom.NOT_A_PHOTO: NotAPhoto,
    darkroom.MOVES: PhotoMoves,
    darkroom.TOO_MANY_PIXELS: TooManyPixels,
    darkroom.DAMAGED: PhotoDamaged,
    darkroom.NOT_NOW: Unavailable,
}


class DarkroomBroken(RuntimeError):  # noqa: N818 - what is so
    """The process that develops photos cannot even start: the installation is not whole."""


class Darkroom:
    """Develops the photos of one service, one at a time: each may take half a gigabyte."""

    def __init__(self, within_seconds: float = DEVELOP_SECONDS) -> None:
        """Take how long one photo may take, with the wait for its turn."""
        self._apart = Apart(darkroom, within_seconds=within_seconds)

    def place(self) -> AbstractContextManager[None]:
        """A place for a photo that somebody sends: take it before reading. Raises Unavailable."""
        return self._apart.place()

    async def develop(self, sent: bytes) -> bytes:
        """The photo as a JPEG of about 400 kB at most, upright, with nothing but its picture.

        Raises PhotoTooLarge, NotAPhoto, PhotoMoves, TooManyPixels, PhotoDamaged, and Unavailable
        when there are too many to develop now, or there is too little memory.
        """
        if len(sent) > LARGEST_PHOTO_BYTES:
            raise PhotoTooLarge(FIELD)
        code, developed = await self._apart.run(sent, *map(str, _MEASURES))
        if code == 0:
            return developed
        if code > 0 and code not in _REFUSALS:
            raise DarkroomBroken(f"{darkroom.__file__} ended with {code}")
        if code == darkroom.NOT_NOW:
            log.error("darkroom.not_now", reason="a decoder could not be loaded")
        # Less than zero is a signal: the decoder crashed on it, or came to the end of its time.
        raise _REFUSALS.get(code, PhotoDamaged)(FIELD)


def fault_at_first_sight(first: bytes, size_bytes: int) -> type[Problem] | None:
    """What is wrong with a file, as far as its size and first bytes tell; nothing is decoded."""
    if size_bytes > LARGEST_PHOTO_BYTES:
        return PhotoTooLarge
    try:
        darkroom.kind_of(first)
    except darkroom.Refused as refused:
        return _REFUSALS[refused.code]
    return None
