"""Photos as phones send them, and files that only look like some."""

import io
import struct
import zlib
from typing import Any, Final

from PIL import Image, ImageDraw, PngImagePlugin
from pillow_heif import register_heif_opener

CANARY: Final = "N30.6612 E114.2743 hao-er-dong"
"""Where it was taken, in every corner of a file that has room for words."""

CORNERS: Final = ("red", "lime", "blue", "white")
"""Top left, top right, bottom left, bottom right of a picture that stands upright."""

UNTURNED: Final = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that writes this orientation holds its picture."""


def quarters(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """A picture with another colour in each corner."""
    width, height = size
    image = Image.new(mode, size)
    draw = ImageDraw.Draw(image)
    for number, colour in enumerate(CORNERS):
        left, top = number % 2 * width // 2, number // 2 * height // 2
        draw.rectangle((left, top, left + width // 2, top + height // 2), fill=colour)
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: the place, the owner, which side is up."""
    written = Image.Exif()
    written[0x0112] = orientation
    written[0x010E] = CANARY
    written[0x8825] = {1: "N", 2: (30.0, 39.0, 40.32), 3: "E", 4: (114.0, 16.0, 27.48), 27: CANARY}
    return written


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    register_heif_opener()
    written = io.BytesIO()
    image.save(written, kind, **how)
    return written.getvalue()


def photo(kind: str = "JPEG", orientation: int = 1, size: tuple[int, int] = (640, 480)) -> bytes:
    """A photo of that kind with the place in it."""
    image = quarters(size)
    turned = UNTURNED[orientation]
    image = image.transpose(turned) if turned is not None else image
    more: dict[str, Any] = {}
    if kind == "JPEG":
        more = {"comment": CANARY.encode(), "xmp": CANARY.encode(), "icc_profile": CANARY.encode()}
    if kind == "PNG":
        more = {"pnginfo": PngImagePlugin.PngInfo()}
        more["pnginfo"].add_text("Location", CANARY)
    return saved(image, kind, exif=exif(orientation).tobytes(), **more)


def moving(kind: str) -> bytes:
    """Two pictures, one after the other."""
    first, second = (Image.new("RGB", (64, 64), colour) for colour in ("red", "blue"))
    return saved(first, kind, save_all=True, append_images=[second], duration=100)


def bomb(width: int, height: int, channels: int = 1) -> bytes:
    """A PNG of few bytes and of so many pixels; all of them are there."""
    colours = {1: 0, 3: 2, 4: 6}[channels]
    row = b"\0" + bytes(width * channels)
    squeezed = zlib.compressobj(9)
    pixels = b"".join(squeezed.compress(row) for _ in range(height)) + squeezed.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )
