"""Excel files of places and people, and the files that people fill in."""

import csv
import io

import python_calamine
import xlsxwriter

from shared import ids

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(*rows) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return file.getvalue()


async def sent(town, what: str, body: bytes, **query):
    headers = {"content-type": XLSX}
    path = f"/{what}/import"
    return await town.ask("POST", path, content=body, params=query, headers=headers)


def sheet(body: bytes) -> list[list[object]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
    return book.get_sheet_by_index(0).to_python()


async def test_a_workbook_is_imported_as_a_csv_file_is(town) -> None:
    square = '{"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}'
    places = workbook(
        ["编码", "上级编码", "类型", "名称", "小区类型", "边界"],
        ["g1", "", "网格", "第一网格", "", square],
        ["c1", "g1", "小区", "宇辉星城", "物业小区"],
    )
    dry = (await sent(town, "places", places, dry_run=True)).json()
    assert (dry["created"], dry["errors"]) == (2, [])
    assert (await sent(town, "places", places)).json()["created"] == 2
    assert (await sent(town, "places", places)).json()["unchanged"] == 2
    (grid,) = (await town.ask("GET", "/places/grids")).json()
    assert grid["boundary"]["coordinates"] == [[[1, 1], [2, 1], [2, 2], [1, 1]]]
    people = workbook(
        ["姓名", "电话", "角色", "地点编码"], ["张桂兰", 13812341234, "居民；志愿者", "c1"]
    )
    assert (await sent(town, "people", people)).json()["created"] == 1
    (found,) = (await town.ask("GET", "/people", params={"role": "volunteer"})).json()["items"]
    assert (found["phone"], found["roles"]) == ("138****1234", ["resident", "volunteer"])


async def test_mistakes_in_a_workbook_are_told_by_row(town) -> None:
    body = workbook(
        ["code", "kind", "title", "boundary"],
        ["g1", "grid", "一", '{"type": "Polygon", "coordinates": [[[1, 1]]]}'],
        [],
        ["g2", "castle", "二", ""],
    )
    answer = await sent(town, "places", body)
    assert answer.status_code == 400
    mistakes = [(one["row"], one["column"]) for one in answer.json()["errors"]]
    assert mistakes == [(2, "boundary"), (4, "kind")]
    broken = await sent(town, "places", b"PK\x03\x04 and nothing")
    kind = broken.json()["type"]
    assert (broken.status_code, kind) == (422, "urn:jinlin:problem:unreadable-sheet")


async def test_a_template_is_filled_in_and_sent_back(town) -> None:
    for what in ("places", "people"):
        for language in ("zh-CN", "en"):
            query = {"language": language, "format": "xlsx"}
            answer = await town.ask("GET", f"/{what}/template", params=query)
            assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
            report = (await sent(town, what, answer.content)).json()
            assert (report["rows"], report["errors"]) == (0, [])
            text = await town.ask("GET", f"/{what}/template", params=query | {"format": "csv"})
            assert text.content.startswith(b"\xef\xbb\xbf")
            (header,) = csv.reader(io.StringIO(text.content.decode("utf-8-sig")))
            assert header == sheet(answer.content)[0]


async def test_places_leave_in_a_file_and_come_back_the_same_and_no_cell_is_a_formula(town) -> None:
    compound = await town.place(code="=1+1", title="=HYPERLINK(1)")
    await town.place("building", code="@b", title="+3栋", parent_id=compound["id"])
    for file in ("csv", "xlsx"):
        query = {"filled": True, "format": file}
        body = (await town.ask("GET", "/places/template", params=query)).content
        report = (await sent(town, "places", body)).json()
        assert (report["rows"], report["unchanged"], report["errors"]) == (2, 2, [])
        if file == "csv":
            rows = [*csv.reader(io.StringIO(body.decode("utf-8-sig")))]
            assert [row[0] for row in rows[1:]] == ["'=1+1", "'@b"]


async def test_only_who_may_import_gets_the_files(town) -> None:
    for what in ("places", "people"):
        for role, status in (("resident", 403), ("grid_worker", 403), ("community_staff", 200)):
            _, token = await town.signed_in(role, login_name=f"x{ids.new_id().hex}")
            assert (await town.ask("GET", f"/{what}/template", token)).status_code == status
