"""Photos: what is taken, what is left of it, and what is refused by which word."""

import asyncio
import io
import random
import struct
from collections.abc import Iterator

import psutil
import pytest
from PIL import Image

from shared.photos import (
    LARGEST_PHOTO_BYTES,
    LONGEST_SIDE_PIXELS,
    SMALL_ENOUGH_BYTES,
    Darkroom,
    NotAPhoto,
    PhotoDamaged,
    PhotoMoves,
    PhotoTooLarge,
    TooManyPixels,
)
from shared.problems import Problem, Unavailable
from tests.support.pictures import CANARY, CORNERS, bomb, moving, photo, quarters, saved
from tests.support.platform import eventually

KINDS = ("JPEG", "PNG", "WEBP", "HEIF")
PICTURE_ONLY = {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
"""Start, JFIF's frame, tables, size, and the pixels: no EXIF (E1), colours (E2), comment (FE)."""


def room(patience_seconds: float = 60) -> Darkroom:
    """One that is not in a hurry, also on a busy machine."""
    return Darkroom(patience_seconds)


def segments(jpeg: bytes) -> Iterator[int]:
    """The markers of a JPEG up to its pixels."""
    yield jpeg[1]
    at = 2
    while jpeg[at + 1] != 0xDA:
        yield jpeg[at + 1]
        at += 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    yield 0xDA


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    image.load()
    return image


def noise(size: tuple[int, int]) -> Image.Image:
    chance = random.Random(7)
    return Image.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3))


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", KINDS)
async def test_of_every_kind_the_picture_is_kept_and_nothing_else(
    kind: str, orientation: int
) -> None:
    sent = photo(kind, orientation, size=(2400, 1800))
    assert CANARY.encode() in sent
    developed = await room().develop(sent)
    assert CANARY.encode() not in developed
    assert set(segments(developed)) == PICTURE_ONLY
    image = opened(developed)
    assert (image.size, dict(image.getexif())) == ((LONGEST_SIDE_PIXELS, 1200), {})
    assert len(developed) <= SMALL_ENOUGH_BYTES


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_it_stands_upright(orientation: int) -> None:
    image = opened(await room().develop(photo(orientation=orientation)))
    assert image.size == (640, 480)
    right, low = image.width - 9, image.height - 9
    seen = [image.getpixel(at) for at in ((8, 8), (right, 8), (8, low), (right, low))]
    wanted = [Image.new("RGB", (1, 1), one).getpixel((0, 0)) for one in CORNERS]
    for one, two in zip(seen, wanted, strict=True):
        assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 16


async def test_a_small_one_is_not_made_larger_and_what_is_clear_becomes_white() -> None:
    clear = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    image = opened(await room().develop(saved(clear, "PNG")))
    assert (image.size, image.getpixel((20, 15))) == ((40, 30), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "RGBA"])
async def test_every_way_to_hold_colours_is_developed(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("I;16", (64, 64)) if mode == "I;16" else quarters((64, 64)).convert(mode)
    assert opened(await room().develop(saved(image, kind))).size == (64, 64)


async def test_the_worst_photo_is_small_enough() -> None:
    """Noise is what a JPEG can do least with."""
    sent = saved(noise((1200, 900)), "JPEG", quality=95)
    developed = await room().develop(sent)
    assert len(developed) < len(sent)
    assert len(developed) <= 2 * SMALL_ENOUGH_BYTES


@pytest.mark.parametrize("channels", [1, 3, 4])
async def test_forty_million_pixels_are_developed_in_little_memory(channels: int) -> None:
    assert opened(await room().develop(bomb(8000, 5000, channels))).size == (1600, 1000)


GOOD = photo()
HIDDEN = b"PK\x03\x04<html><script>alert(1)</script></html>"
REFUSED: dict[str, tuple[bytes, type[Problem]]] = {
    "nothing": (b"", NotAPhoto),
    "words": ("我的照片".encode(), NotAPhoto),
    "html called .jpg": (b"<html><script>alert(1)</script></html>", NotAPhoto),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', NotAPhoto),
    "svg with a declaration": (b'<?xml version="1.0"?><svg/>', NotAPhoto),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", NotAPhoto),
    "pdf": (b"%PDF-1.7\n", NotAPhoto),
    "zip": (b"PK\x03\x04" + bytes(100), NotAPhoto),
    "bmp": (saved(quarters(), "BMP"), NotAPhoto),
    "tiff": (saved(quarters(), "TIFF"), NotAPhoto),
    "avif": (saved(quarters(), "AVIF"), NotAPhoto),
    "a photo after something else": (HIDDEN + GOOD, NotAPhoto),
    "gif": (moving("GIF"), PhotoMoves),
    "gif that stands still": (saved(quarters(), "GIF"), PhotoMoves),
    "moving png": (moving("PNG"), PhotoMoves),
    "moving webp": (moving("WEBP"), PhotoMoves),
    "film": (b"\0\0\0\x18ftypmp42" + bytes(100), PhotoMoves),
    "sequence of heic": (b"\0\0\0\x18ftyphevc" + bytes(100), PhotoMoves),
    "png of 50 million pixels": (bomb(10_000, 5_000), TooManyPixels),
    "png that says it has more": (bomb(1, 1).replace(b"\0\0\0\1" * 2, b"\x7f" * 8), PhotoDamaged),
    "jpeg without its end": (GOOD[: len(GOOD) // 2], PhotoDamaged),
    "png without its end": (photo("PNG")[:-200], PhotoDamaged),
    "webp without its end": (photo("WEBP")[:-200], PhotoDamaged),
    "heic without its end": (photo("HEIF")[:-200], PhotoDamaged),
    "jpeg of rubbish": (b"\xff\xd8\xff\xe0" + bytes(2000), PhotoDamaged),
    "png of rubbish": (b"\x89PNG\r\n\x1a\n" + b"\xff" * 2000, PhotoDamaged),
    "webp of rubbish": (b"RIFF\xff\xff\xff\x7fWEBPVP8 " + b"\xff" * 2000, PhotoDamaged),
    "heic of rubbish": (b"\0\0\0\x18ftypheic" + b"\xff" * 2000, PhotoDamaged),
    "more than 8 MB": (GOOD + bytes(LARGEST_PHOTO_BYTES), PhotoTooLarge),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_photo_for_us_is_refused_by_its_word(what: str) -> None:
    sent, word = REFUSED[what]
    with pytest.raises(Problem) as refused:
        await room().develop(sent)
    assert type(refused.value) is word
    assert str(refused.value) == "photo"


async def test_a_kind_that_takes_memory_for_every_pixel_is_refused_as_well() -> None:
    with pytest.raises(TooManyPixels):
        await room().develop(saved(Image.new("RGB", (10_000, 5_000)), "WEBP", method=0))


@pytest.mark.parametrize("kind", KINDS)
async def test_what_hides_behind_a_photo_is_not_kept(kind: str) -> None:
    developed = await room().develop(photo(kind) + HIDDEN)
    assert b"script" not in developed
    assert developed.endswith(b"\xff\xd9")


async def test_rubbish_in_a_photo_is_never_more_than_a_refusal() -> None:
    chance = random.Random(20260305)
    one = room()
    for kind in KINDS:
        for _ in range(2):
            sent = bytearray(photo(kind, size=(64, 48)))
            for _ in range(12):
                sent[chance.randrange(12, len(sent))] = chance.randrange(256)
            try:
                opened(await one.develop(bytes(sent)))
            except Problem as refused:
                assert type(refused) in {PhotoDamaged, TooManyPixels, PhotoMoves}  # noqa: PT017


async def test_who_would_wait_too_long_is_asked_to_come_again() -> None:
    with pytest.raises(Unavailable):
        await room(patience_seconds=0.001).develop(GOOD)


async def test_what_a_caller_who_is_gone_began_ends_before_the_next_begins() -> None:
    one = room()
    others = set(psutil.Process().children())

    async def at_work() -> bool:
        return others != set(psutil.Process().children())

    work = asyncio.create_task(one.develop(bomb(8000, 5000, 4)))
    await eventually(at_work)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert opened(await one.develop(GOOD)).size == (640, 480)
    assert set(psutil.Process().children()) <= others
