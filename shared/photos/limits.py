"""How large, and how many (`RELIABILITY.md` §2, Photos)."""

from typing import Final

__all__ = [
    "LARGEST_FORM_BYTES",
    "LARGEST_PHOTO_BYTES",
    "LARGEST_PIXELS",
    "LONGEST_SIDE_PIXELS",
    "PHOTOS_EACH",
    "SMALL_ENOUGH_BYTES",
]

LARGEST_PHOTO_BYTES: Final = 8 * 1024 * 1024
"""What may be sent."""

LARGEST_FORM_BYTES: Final = LARGEST_PHOTO_BYTES + 16 * 1024
"""A photo with the form around it."""

LARGEST_PIXELS: Final = 40_000_000
"""Width times height, looked at before anything is decoded."""

LONGEST_SIDE_PIXELS: Final = 1600
"""What is kept; enough to read a sign on a wall."""

SMALL_ENOUGH_BYTES: Final = 400_000
"""What is kept is about as large as this, or smaller."""

PHOTOS_EACH: Final = 6
"""How many one person may add to one thing, in one cycle."""
