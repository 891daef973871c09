"""Excel files of every kind, those that would end a service among them."""

import io
import zipfile
from typing import Any

import pytest
import xlsxwriter

from shared.problems import TooLarge
from shared.sheet_reader import text_of
from shared.spreadsheet import UnreadableSheet, is_spreadsheet, read_sheet


def workbook(*cells: tuple[int, int, Any]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for row, column, value in cells:
        sheet.write(row, column, value)
    book.close()
    return file.getvalue()


def swollen(body: bytes, megabytes: int) -> bytes:
    """The workbook with so much nothing in its first sheet."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(changed, "w", 8) as new:
        for name in old.namelist():
            text, end, rest = old.read(name).partition(b"</sheetData>")
            with new.open(name, "w") as file:
                file.write(text)
                if end:
                    for _ in range(megabytes):
                        file.write(b" " * 1024**2)
                file.write(end + rest)
    return changed.getvalue()


async def test_numbers_are_told_as_people_read_them() -> None:
    body = workbook((0, 0, "phone"), (1, 0, 13812341234), (2, 0, 1.5), (3, 0, True), (5, 1, "x"))
    assert is_spreadsheet(body)
    assert await read_sheet(body) == [
        ["phone", ""], ["13812341234", ""], ["1.5", ""], ["yes", ""], ["", ""], ["", "x"],
    ]  # fmt: skip


async def test_a_formula_is_the_value_that_was_saved_and_is_never_calculated() -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.add_worksheet().write_formula(0, 0, '=HYPERLINK("http://example.org")', None, "saved")
    book.close()
    assert await read_sheet(file.getvalue()) == [["saved"]]


async def test_a_sheet_that_claims_the_last_cell_there_is_ends_only_its_reader() -> None:
    far = workbook((0, 0, "a"), (1_048_575, 16_383, "b"))
    assert len(far) < 10_000
    with pytest.raises((TooLarge, UnreadableSheet)):
        await read_sheet(far)


async def test_a_file_that_unpacks_to_gigabytes_ends_only_its_reader() -> None:
    body = swollen(workbook((0, 0, "a")), megabytes=600)
    assert len(body) < 1024 * 1024
    with pytest.raises(UnreadableSheet):
        await read_sheet(body)


async def test_more_text_than_anybody_types_is_refused() -> None:
    with pytest.raises(TooLarge):
        await read_sheet(workbook(*((row, 0, "长" * 30_000) for row in range(300))))


@pytest.mark.parametrize("body", [b"PK\x03\x04 and nothing", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
async def test_what_only_begins_like_a_workbook_is_refused(body: bytes) -> None:
    assert is_spreadsheet(body)
    with pytest.raises(UnreadableSheet):
        await read_sheet(body)


def test_csv_is_no_spreadsheet() -> None:
    assert not is_spreadsheet("code,kind\n".encode("utf-8-sig"))
    assert text_of(10**15 / 1.0) == "1" + "0" * 15
