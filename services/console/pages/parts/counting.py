"""The order in which people count: 2栋 before 10栋, 第二网格 before 第三网格."""

import re
from typing import Final

__all__ = ["in_order"]

DIGITS: Final = {one: value for value, one in enumerate("零一二三四五六七八九")} | {"〇": 0}
UNITS: Final = {"十": 10, "百": 100}

_PIECES: Final = re.compile(
    r"[0-9]+|[〇零一二三四五六七八九十百]+|[^0-9〇零一二三四五六七八九十百]+"
)


def in_order(title: str) -> tuple[tuple[int, str], ...]:
    """What to sort a title by; words come before numbers."""
    return tuple(_ranked(piece) for piece in _PIECES.findall(title))


def _ranked(piece: str) -> tuple[int, str]:
    if piece.isdecimal():
        return int(piece), ""
    is_number = piece[0] in DIGITS or piece[0] in UNITS
    return (_value(piece), "") if is_number else (-1, piece)


def _value(numerals: str) -> int:
    """二十三 is 23; 一零二, spelled digit by digit, is 102."""
    value = digit = 0
    for one in numerals:
        if one in UNITS:
            value += (digit or 1) * UNITS[one]
            digit = 0
        else:
            digit = digit * 10 + DIGITS[one]
    return value + digit
