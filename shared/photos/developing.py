"""A photo in, a JPEG out: one process for each, one at a time."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Final

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

__all__ = ["Darkroom", "DarkroomBroken"]

DEVELOP_SECONDS: Final = 7
"""With the wait for one's turn; a caller waits for eight."""

_REFUSALS: Final[Mapping[int, type[Problem]]] = {
    darkroom.NOT_A_PHOTO: NotAPhoto,
    darkroom.MOVES: PhotoMoves,
    darkroom.TOO_MANY_PIXELS: TooManyPixels,
    darkroom.DAMAGED: PhotoDamaged,
}


class DarkroomBroken(RuntimeError):  # noqa: N818 - what is so
    """The process that develops photos cannot even start: the installation is not whole."""


class Darkroom:
    """Develops the photos of one service, one at a time: each may take half a gigabyte."""

    def __init__(self, patience_seconds: float = DEVELOP_SECONDS) -> None:
        """Take how long one photo may take, with the wait for its turn."""
        self._patience_seconds = patience_seconds
        self._turn = asyncio.Lock()

    async def develop(self, sent: bytes) -> bytes:
        """The photo as a JPEG of about 400 kB at most, upright, with nothing but its picture.

        Raises PhotoTooLarge, NotAPhoto, PhotoMoves, TooManyPixels, PhotoDamaged, and Unavailable
        when there are too many to develop now.
        """
        if len(sent) > LARGEST_PHOTO_BYTES:
            raise PhotoTooLarge(FIELD)
        try:
            async with asyncio.timeout(self._patience_seconds), self._turn:
                code, developed = await _run(sent)
        except TimeoutError:
            raise Unavailable from None
        if code == 0:
            return developed
        if code > 0 and code not in _REFUSALS:
            raise DarkroomBroken(f"{darkroom.__file__} ended with {code}")
        # Less than zero is a signal: the decoder crashed on it, or came to the end of its time.
        raise _REFUSALS.get(code, PhotoDamaged)(FIELD)


async def _run(sent: bytes) -> tuple[int, bytes]:
    """Exit code and output of the darkroom; it never outlives its caller."""
    process = await asyncio.create_subprocess_exec(
        # Isolated: it sees neither our environment, which has secrets, nor our folders.
        sys.executable, "-IB", str(Path(darkroom.__file__)),
        *map(str, (LARGEST_PIXELS, LONGEST_SIDE_PIXELS, SMALL_ENOUGH_BYTES)),
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/",
        start_new_session=True,  # Ctrl-C is for us
    )  # fmt: skip
    try:
        developed, _ = await process.communicate(sent)
    finally:
        await _end(process)
    assert process.returncode is not None  # noqa: S101 - it has ended
    return process.returncode, developed


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
