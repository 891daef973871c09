"""Reading spreadsheets that people made, without letting one of them end the service.

A file of a kilobyte can claim a sheet of seventeen thousand million cells, or unpack to gigabytes.
So a process of its own reads it (`shared/sheet_reader.py`), and whatever happens ends that one.
"""

from typing import Final

import orjson

from shared import sheet_reader
from shared.apart import Apart
from shared.problems import Malformed, TooLarge

__all__ = ["UnreadableSheet", "is_spreadsheet", "read_sheet"]

READ_SECONDS: Final = 7
"""By the clock, with the wait for one's turn; a caller waits for eight."""

_apart: Final = Apart(sheet_reader, within_seconds=READ_SECONDS)

_BEGINNINGS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""Of zipped files (.xlsx) and of Microsoft's older container (.xls)."""


class UnreadableSheet(Malformed):
    """A file that begins like a spreadsheet, and is none or one with a password."""

    zh = "无法读取这个表格文件，请去掉密码后另存为 .xlsx 再试。"
    en = "This spreadsheet cannot be read. Save it as .xlsx, without a password."


class SheetTooLarge(TooLarge):
    """A sheet with more cells or text than anybody types."""

    zh = "表格内容过多，请分成多个文件。"
    en = "The sheet holds too much. Make several files of it."


def is_spreadsheet(body: bytes) -> bool:
    """Whether a file is one of Excel's, by how it begins."""
    return body.startswith(_BEGINNINGS)


async def read_sheet(body: bytes) -> list[list[str]]:
    """The first sheet from row 1 on, cells as text; formulas as the values that were saved.

    Nothing is calculated. Raises UnreadableSheet, SheetTooLarge, and Unavailable when there are too
    many to read now.
    """
    code, rows = await _apart.run(body)
    if code == sheet_reader.TOO_LARGE:
        raise SheetTooLarge
    if code != 0:
        raise UnreadableSheet
    return orjson.loads(rows)
