"""Develops one photo, as a process of its own: a file on standard input, a JPEG on standard output.

Whatever a hostile file does to a decoder, it does here: with little memory, little time, no file to
write and none of the service's environment. The exit code says why there is no JPEG. Started by
path (`shared/photos/developing.py`), so it imports nothing of ours but the limits, which it is
given as arguments: pixels at most, the longest side, and a size in bytes that is small enough.
"""

import io
import resource
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["DAMAGED", "MOVES", "NOT_A_PHOTO", "NOT_NOW", "TOO_MANY_PIXELS", "Refused", "develop"]

MEMORY_BYTES: Final = 512 * 1024 * 1024
CPU_SECONDS: Final = 5

NOT_A_PHOTO: Final = 10
MOVES: Final = 11
TOO_MANY_PIXELS: Final = 12
DAMAGED: Final = 13
NOT_NOW: Final = 14
"""A decoder could not be loaded: for want of memory, or it is missing. The photo may be good."""

QUALITIES: Final = (85, 75, 65, 50, 35)

STILL_HEIC: Final = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
MOVING: Final = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis", b"isom", b"mp42", b"qt  "}
"""Brands of ISO base media files: pictures after pictures, and films."""


class Refused(Exception):  # noqa: N818 - what happened
    """There is no JPEG; carries the exit code that says why."""

    def __init__(self, code: int) -> None:
        """Take the code."""
        super().__init__(code)
        self.code = code


def kind_of(sent: bytes) -> str:
    """The format, by the first bytes and nothing else. Raises Refused."""
    if sent.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if sent.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if sent[:4] == b"RIFF" and sent[8:12] == b"WEBP":
        return "WEBP"
    brand = sent[8:12] if sent[4:8] == b"ftyp" else b""
    if brand in STILL_HEIC:
        return "HEIF"
    if brand in MOVING or sent.startswith(b"GIF8"):
        raise Refused(MOVES)
    raise Refused(NOT_A_PHOTO)


def opened(sent: bytes, *, pixels: int) -> "Image.Image":
    """The picture with its header read, and no pixel decoded. Raises Refused."""
    from PIL import Image  # noqa: PLC0415 - in this process only, and after it is confined

    kind = kind_of(sent)
    if kind == "HEIF":
        from pillow_heif import (  # noqa: PLC0415 - only iPhones send it
            register_heif_opener,  # pyright: ignore[reportUnknownVariableType] - any options
        )

        # A thumbnail in the file may show something else than the picture does; a thread takes
        # an arena of memory for itself.
        register_heif_opener(
            thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
        )
    image = Image.open(io.BytesIO(sent), formats=[kind])
    if image.width * image.height > pixels:
        raise Refused(TOO_MANY_PIXELS)
    # A JPEG or HEIC may hold more pictures than the one it shows: they are left out.
    if kind in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise Refused(MOVES)
    return image


def develop(sent: bytes, *, pixels: int, side: int, small_enough: int) -> bytes:
    """The picture alone, upright, on white. Raises Refused."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    image = opened(sent, pixels=pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
    # Drawn onto an empty sheet: nothing of the file comes along but what can be seen.
    sheet = Image.new("RGB", upright.size, "white")
    sheet.paste(upright, mask=upright if upright.mode == "RGBA" else None)
    written = io.BytesIO()
    for quality in QUALITIES:
        written = io.BytesIO()
        sheet.save(written, "JPEG", quality=quality, optimize=True)
        if written.tell() <= small_enough:
            break
    return written.getvalue()


def confine() -> None:
    """Give up what the work does not need."""
    # SIGXCPU first: who is killed at once was killed by somebody else, for memory.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    limits = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    if sys.platform == "linux":  # elsewhere it cannot be set
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def main() -> int:
    """Develop what comes; the exit code says what came of it."""
    confine()
    pixels, side, small_enough = map(int, sys.argv[1:])
    try:
        from PIL import Image  # noqa: PLC0415 - after it is confined

        Image.MAX_IMAGE_PIXELS = None  # ours is the limit, and no warning
        sent = sys.stdin.buffer.read()
        developed = develop(sent, pixels=pixels, side=side, small_enough=small_enough)
    except Refused as refused:
        return refused.code
    except ImportError:
        return NOT_NOW
    except MemoryError:
        return TOO_MANY_PIXELS
    except Exception:  # noqa: BLE001 - decoders raise whatever they like
        return DAMAGED
    sys.stdout.buffer.write(developed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
