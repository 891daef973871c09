"""The files that people fill in and send back: their columns, lists to choose from, no formulas."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs] - it has none

from services.directory.domain import PEOPLE_COLUMNS, PLACE_COLUMNS, Place, words
from shared.csv_text import csv_file
from shared.events.directory import Language

__all__ = ["CSV", "XLSX", "Sheet", "people_sheet", "places_sheet"]

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FILLED_IN: Final = 2000
"""So many rows under the header offer their lists."""

WIDTH_CHARACTERS: Final = 18


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header, the rows under it, and what a column offers to choose from."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    choices: Mapping[int, Sequence[str]]
    open_choices: frozenset[int] = frozenset()
    """Columns that may hold several entries, or others: what is offered is a help, not a rule."""

    def as_csv(self) -> bytes:
        """UTF-8 with a byte-order mark; cells that look like formulas are escaped."""
        return csv_file([self.header, *self.rows])

    def as_xlsx(self) -> bytes:
        """A workbook whose cells are all text: phones keep their zeros, nothing is a formula."""
        file = io.BytesIO()
        book: Any = cast("Any", xlsxwriter).Workbook(file, {"in_memory": True})
        as_text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        sheet = book.add_worksheet()
        sheet.set_column(0, len(self.header) - 1, WIDTH_CHARACTERS, as_text)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate([self.header, *self.rows]):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, bold if number == 0 else as_text)
        last = max(len(self.rows), FILLED_IN)
        for column, entries in self.choices.items():
            error = "information" if column in self.open_choices else "stop"
            offer = {"validate": "list", "source": list(entries), "error_type": error}
            sheet.data_validation(1, column, last, column, offer)
        book.close()
        return file.getvalue()


def places_sheet(language: Language, places: Sequence[Place] = ()) -> Sheet:
    """The columns of an import of places, and `places` as rows of it; the root is not imported."""
    codes = {one.id: one.code for one in places}
    roots = {one.id for one in places if one.parent_id is None}
    kinds, compounds = (_words(one, language) for one in (words.KIND_WORDS, words.COMPOUND_WORDS))
    rows = [
        (
            one.code,
            "" if one.parent_id in roots else codes.get(one.parent_id, ""),
            kinds[one.kind],
            one.title,
            compounds[one.compound_type] if one.compound_type else "",
            orjson.dumps(one.boundary).decode() if one.boundary else "",
        )
        for one in places
        if one.parent_id is not None
    ]
    choices = {"kind": list(kinds.values()), "compound_type": list(compounds.values())}
    return Sheet(
        _header(PLACE_COLUMNS, words.PLACE_TITLES, language),
        rows,
        {PLACE_COLUMNS.index(column): entries for column, entries in choices.items()},
    )


def people_sheet(language: Language, roles: Iterable[str]) -> Sheet:
    """The columns of an import of people. Nobody's name ever leaves by such a file."""
    role_words = _words(words.ROLE_WORDS, language)
    choices = {
        "roles": [role_words[one] for one in sorted(roles)],
        "language": list(_words(words.LANGUAGE_WORDS, language).values()),
        "invite": list(_words(words.INVITE_WORDS, language).values()),
    }
    return Sheet(
        _header(PEOPLE_COLUMNS, words.PEOPLE_TITLES, language),
        (),
        {PEOPLE_COLUMNS.index(column): entries for column, entries in choices.items()},
        open_choices=frozenset({PEOPLE_COLUMNS.index("roles")}),
    )


def _words(by_word: Mapping[str, str], language: Language) -> dict[str, str]:
    """What each code is called; in English it is the code itself."""
    return {code: word if language == "zh-CN" else code for word, code in by_word.items()}


def _header(columns: Sequence[str], titles: Mapping[str, str], language: Language) -> Sequence[str]:
    called = _words(titles, language)
    return [called[column] for column in columns]
