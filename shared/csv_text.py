"""CSV as spreadsheets open it: nothing in it is a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["csv_file", "escaped"]

_FORMULA: Final = re.compile(r"'*[=+\-@＝＋－＠]")


def csv_file(lines: Iterable[Sequence[str]]) -> bytes:
    """A CSV file as Excel opens it: UTF-8 with a byte-order mark, and no cell is a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escaped(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that looks like one gets a quote."""
    return f"'{cell}" if _FORMULA.match(cell) else cell
