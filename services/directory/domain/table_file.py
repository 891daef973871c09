"""Reading tables that people made: every mistake is told by its row and column."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from shared.problems import Malformed, NotMet

LONGEST_CODE: Final = 40
LONGEST_TEXT: Final = 100
FIRST_PRINTABLE: Final = 32
MOST_ROWS: Final = 20_000
NO_HEADER: Final[list[str]] = []

type Lines = Iterable[Sequence[str]]
"""The cells of a table, line by line; the first line is the header."""


_ESCAPED: Final = re.compile(r"'+[=+\-@＝＋－＠]")


class NotUtf8(Malformed):
    """A file is read as UTF-8, with or without a byte-order mark."""

    zh = "文件编码不是 UTF-8，请另存为“CSV UTF-8”。"
    en = "The file is not UTF-8. Save it as “CSV UTF-8”."


class ImportErrors(NotMet):
    """Some rows have errors; nothing was stored."""

    zh = "文件中有错误，未导入任何内容，请按 errors 逐行修改。"
    en = "The file has errors and nothing was imported. See `errors`, row by row."


class Reason(NamedTuple):
    """What is wrong, in both languages."""

    zh: str
    en: str


UNKNOWN_COLUMN: Final = Reason("未知的列。", "Unknown column.")
REPEATED_COLUMN: Final = Reason("列名重复。", "This column comes twice.")
MISSING_COLUMN: Final = Reason("缺少这一列。", "This column is missing.")
TOO_MANY_CELLS: Final = Reason("单元格多于表头的列。", "More cells than the header has columns.")
TOO_MANY_ROWS: Final = Reason(
    "行数过多，请分成多个文件。", "There are too many rows. Make several files of them."
)
UNREADABLE: Final = Reason("CSV 格式有误，此行无法读取。", "This row is not well-formed CSV.")
MISSING: Final = Reason("不能为空。", "A value is missing.")
TOO_LONG: Final = Reason("内容过长。", "This is too long.")
CONTROLS: Final = Reason("含有控制字符。", "Control characters are not allowed.")
REPEATED: Final = Reason("与文件中前面的行重复。", "An earlier row has the same.")
NOT_ONE_OF: Final = Reason("不是允许的值。", "This is not one of the allowed values.")


@dataclass(frozen=True, slots=True)
class RowError:
    """One mistake. Row 1 is the header, as a spreadsheet counts."""

    row: int
    column: str
    reason_zh: str
    reason_en: str

    @classmethod
    def of(cls, row: int, column: str, reason: Reason) -> "RowError":
        """The mistake for a reason."""
        return cls(row, column, reason.zh, reason.en)


@dataclass(frozen=True, slots=True)
class Row:
    """A row with all its columns; cells are stripped, an absent one is empty."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Reading:
    """The rows of a file, and what is wrong with it."""

    rows: list[Row] = field(default_factory=list[Row])
    errors: list[RowError] = field(default_factory=list[RowError])


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A one-time code for the person of a row."""

    row: int
    person_id: UUID
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a row would do: add somebody or something, or change these columns."""

    row: int
    is_new: bool
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or in a dry run would do."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    errors: Sequence[RowError] = ()
    invitations: Sequence[IssuedCode] = ()
    changes: Sequence[RowChange] = ()
    """Of a dry run only, in the order of the rows."""


def csv_lines(body: bytes) -> Lines:
    """The lines of a CSV file. Raises NotUtf8."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotUtf8 from None
    return csv.reader(io.StringIO(text, newline=""), strict=True)


def plain(cell: str) -> str:
    """A cell as it was before a file was written: without the quote that hides a formula."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def read(
    lines: Lines, *, columns: Sequence[str], required: Sequence[str], titles: Mapping[str, str]
) -> Reading:
    """The rows of a table with a header of `columns`, or of their `titles`."""
    reading = Reading()
    number = 1
    rest = iter(lines)
    try:
        header = _header(next(rest, NO_HEADER), titles)
        reading.errors += _header_errors(header, columns, required)
        if reading.errors:
            return reading
        for number, cells in enumerate(rest, start=2):
            if number > MOST_ROWS + 1:
                reading.errors.append(RowError.of(number, "", TOO_MANY_ROWS))
                break
            _read_row(reading, number, header, cells, columns)
    except csv.Error:
        reading.errors.append(RowError.of(number + 1, "", UNREADABLE))
    return reading


def _header(cells: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    """The columns that a header names; a spreadsheet may have empty cells behind them."""
    header = [titles.get(cell.strip(), cell.strip()) for cell in cells]
    while header and not header[-1]:
        header.pop()
    return header


def _header_errors(
    header: Sequence[str], columns: Sequence[str], required: Sequence[str]
) -> list[RowError]:
    reasons = [(name, UNKNOWN_COLUMN) for name in header if name not in columns]
    reasons += [(name, REPEATED_COLUMN) for name in columns if header.count(name) > 1]
    reasons += [(name, MISSING_COLUMN) for name in required if name not in header]
    return [RowError.of(1, name[:LONGEST_TEXT], reason) for name, reason in reasons]


def _read_row(
    reading: Reading, number: int, header: list[str], cells: Sequence[str], columns: Sequence[str]
) -> None:
    """Add one row; a blank one is skipped, but counted in the numbers."""
    stripped = [plain(cell.strip()) for cell in cells]
    if not any(stripped):
        return
    row = Row(number, dict.fromkeys(columns, "") | dict(zip(header, stripped, strict=False)))
    reading.rows.append(row)
    if any(stripped[len(header) :]):
        reading.errors.append(RowError.of(number, "", TOO_MANY_CELLS))


def text_errors(row: Row, limits: dict[str, int], required: Sequence[str]) -> list[RowError]:
    """Cells that are missing, too long, or hold what a database or a page cannot."""
    missing = [RowError.of(row.number, one, MISSING) for one in required if not row.cells[one]]
    too_long = [
        RowError.of(row.number, column, TOO_LONG)
        for column, limit in limits.items()
        if len(row.cells[column]) > limit
    ]
    controls = [
        RowError.of(row.number, column, CONTROLS)
        for column, cell in row.cells.items()
        if any(ord(one) < FIRST_PRINTABLE for one in cell)
    ]
    return missing + too_long + controls


def listed(cell: str) -> list[str]:
    """The entries of a `;`-separated cell, each once, in order; `；` will do as well."""
    entries = (one.strip() for one in cell.replace("；", ";").split(";"))
    return list(dict.fromkeys(one for one in entries if one))


def in_codes(cell: str, words: Mapping[str, str]) -> str:
    """A `;`-separated cell whose entries may be `words`: with the code of each instead."""
    return ";".join(words.get(one, one) for one in listed(cell)) or cell
