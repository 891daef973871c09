"""A photo for the demo: drawn, so that it shows nobody's home."""

import io
from typing import Final

__all__ = ["clean_yard"]

SIZE: Final = (1200, 900)
SKY, WALL, WINDOW, LAWN, PATH = "#bcd9ee", "#d9b48f", "#5f7f95", "#7fae5c", "#d8d2c4"


def clean_yard() -> bytes:
    """A yard before a house with nothing in the way, as a JPEG."""
    from PIL import Image, ImageDraw

    yard = Image.new("RGB", SIZE, SKY)
    draw = ImageDraw.Draw(yard)
    draw.rectangle((150, 120, 1050, 620), fill=WALL)
    for floor in range(4):
        for column in range(6):
            left, top = 200 + column * 140, 160 + floor * 110
            draw.rectangle((left, top, left + 80, top + 65), fill=WINDOW)
    draw.rectangle((0, 620, *SIZE), fill=LAWN)
    draw.polygon([(560, 620), (640, 620), (820, 900), (380, 900)], fill=PATH)
    written = io.BytesIO()
    yard.save(written, "JPEG", quality=80)
    return written.getvalue()
