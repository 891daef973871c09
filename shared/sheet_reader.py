"""Reads the first sheet of an Excel file from standard input and writes its rows as JSON.

`shared/spreadsheet.py` starts it as a process of its own, which imports nothing of ours. It ends
with 0 when the rows are written, with `TOO_LARGE`, or with anything else for what is no sheet.
"""

import io
import json
import resource
import sys
from contextlib import suppress
from typing import Final

from python_calamine import CalamineWorkbook

__all__ = ["TOO_LARGE", "main", "text_of"]

TOO_LARGE: Final = 3
MEMORY_BYTES: Final = 256 * 1024 * 1024
"""A full sheet of 20 000 rows needs less than half; a container has 512 MB for all of a service."""

CPU_SECONDS: Final = 5
MOST_CELLS: Final = 1_000_000
MOST_CHARACTERS: Final = 8_000_000


def text_of(value: object) -> str:
    """What a person reads in a cell: a phone that is kept as a number has no `.0`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def main() -> None:
    """Within its limits of memory and time, whatever the file claims."""
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    # SIGXCPU first: who is killed at once was killed by somebody else, for memory.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    _limit(resource.RLIMIT_CORE, 0)
    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheet = book.get_sheet_by_index(0)
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        sys.exit(TOO_LARGE)
    rows: list[list[str]] = []
    characters = 0
    for cells in sheet.to_python(skip_empty_area=False):  # so that row 1 is row 1
        row = [text_of(cell) for cell in cells]
        characters += sum(map(len, row))
        if characters > MOST_CHARACTERS:
            sys.exit(TOO_LARGE)
        rows.append(row)
    json.dump(rows, sys.stdout)


def _limit(kind: int, most: int) -> None:
    with suppress(ValueError):  # macOS does not limit memory so
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
