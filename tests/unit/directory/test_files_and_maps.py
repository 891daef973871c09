"""Files that people fill in, boundaries of places, and what a search for a phone means."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.directory import domain
from services.directory.actions import MEMBER_ROLES
from services.directory.domain import Place, Visit, table_file, words
from services.directory.domain.boundary import MOST_POINTS, WrongBoundary, read_boundary
from services.directory.domain.community import CompoundType
from services.directory.domain.place_import import IMPORTED_KINDS
from services.directory.domain.visit import NotVisited, VisitToCome
from services.directory.routes.views.people import NewPerson
from shared import csv_text
from shared.events.directory import PLACE_KINDS
from shared.languages import reason

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SQUARE = [[113.9, 30.9], [114.0, 30.9], [114.0, 31.0], [113.9, 30.9]]
CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])).map(str.strip)


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


@given(CELL)
def test_a_cell_leaves_as_no_formula_and_comes_back_as_it_was(cell: str) -> None:
    out = csv_text.escaped(cell)
    assert out[:1] not in {"=", "+", "-", "@"}
    assert table_file.plain(out) == cell


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_a_csv_file_was_made_of_is_read_again(rows: list[tuple[str, str]]) -> None:
    body = csv_text.csv_file([("code", "title"), *rows])
    assert body.startswith(b"\xef\xbb\xbf")
    reading = table_file.read(
        domain.csv_lines(body), columns=("code", "title"), required=(), titles={}
    )
    assert reading.errors == []
    told = [(row.cells["code"], row.cells["title"]) for row in reading.rows]
    assert told == [row for row in rows if any(row)]


def test_every_code_has_one_chinese_word() -> None:
    assert {*words.ROLE_WORDS.values()} == {str(role) for role in MEMBER_ROLES}
    assert tuple(words.KIND_WORDS.values()) == IMPORTED_KINDS
    assert tuple(words.COMPOUND_WORDS.values()) == CompoundType.__args__
    assert {*words.PLACE_TITLES.values()} == {*domain.PLACE_COLUMNS}
    assert {*words.PEOPLE_TITLES.values()} == {*domain.PEOPLE_COLUMNS}


def test_a_file_may_be_filled_in_with_chinese_words() -> None:
    reading = domain.read_people(
        [
            ["姓名", "电话", "角色", "发邀请码", ""],
            ["张桂兰", "+8613812341234", "居民；志愿者", "是"],
        ]
    )
    assert reading.errors == []
    cells = reading.rows[0].cells
    assert (cells["roles"], cells["invite"]) == ("resident;volunteer", "yes")
    places = domain.read_places([["编码", "类型", "名称"], ["g1", "网格", "第一网格"]])
    assert places.rows[0].cells["kind"] == "grid"


def test_a_login_name_or_a_phone_is_refused_in_the_same_words_wherever_it_is_typed() -> None:
    lines = [[*domain.PEOPLE_COLUMNS], ["张桂兰", "12", "resident", "", "", "", "a b", ""]]
    around = domain.Surroundings(
        "demo", frozenset({"resident"}), {}, {}, [], {}, invitable={}, elsewhere=frozenset()
    )
    plan = domain.plan_people(domain.read_people(lines), around, new_id=uuid4)
    in_file = {one.column: (one.reason_zh, one.reason_en) for one in plan.errors}
    with pytest.raises(ValidationError) as refused:
        NewPerson.model_validate(
            {"name": "张桂兰", "roles": ["resident"], "phone": "12", "login_name": "a b"}
        )
    by_form = {
        str(one["loc"][0]): (reason(one, english=False), reason(one, english=True))
        for one in refused.value.errors()
    }
    assert by_form.keys() == {"phone", "login_name"}
    assert by_form == in_file


def test_a_file_has_an_end() -> None:
    rows = [["name", "roles"], *([["张", "resident"]] * (table_file.MOST_ROWS + 5))]
    reading = domain.read_people(rows)
    assert len(reading.rows) == table_file.MOST_ROWS
    assert [one.row for one in reading.errors] == [table_file.MOST_ROWS + 2]


@pytest.mark.parametrize(
    "shape",
    [polygon(SQUARE), {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE, SQUARE]]}],
)
def test_a_boundary_is_kept_as_it_is_without_what_came_with_it(shape) -> None:
    assert domain.require_boundary({**shape, "bbox": [1, 2, 3, 4]}) == shape
    assert read_boundary(json.dumps(shape)) == shape


@pytest.mark.parametrize(
    "shape",
    [
        None,
        [],
        {"type": "Point", "coordinates": [113.9, 30.9]},
        {"type": ["Polygon"], "coordinates": [SQUARE]},
        polygon(),
        polygon([]),
        polygon("ring"),
        polygon(SQUARE[:3]),
        polygon([*SQUARE[:3], [113.8, 30.9]]),
        polygon([*SQUARE[:2], [114.0, True], SQUARE[0]]),
        polygon([*SQUARE[:2], [181, 0], SQUARE[0]]),
        polygon([*SQUARE[:2], [10**400, 0], SQUARE[0]]),
        polygon([*SQUARE[:2], [0, 91], SQUARE[0]]),
        polygon([*SQUARE[:2], [float("nan"), 0], SQUARE[0]]),
        polygon([*SQUARE[:2], [0, float("nan")], SQUARE[0]]),
        polygon([*SQUARE[:2], [1, 2, 3], SQUARE[0]]),
        polygon([*SQUARE[:3], *([[113.9, 30.95]] * MOST_POINTS), SQUARE[0]]),
        {"type": "MultiPolygon", "coordinates": [SQUARE]},
        {"type": "MultiPolygon", "coordinates": [[]]},
    ],
)
def test_what_no_map_could_draw_is_refused_with_a_sentence(shape) -> None:
    with pytest.raises(WrongBoundary) as refused:
        domain.require_boundary(shape)
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize("cell", ["", "{", "[" * 100_000, "NaN", '"Polygon"'])
def test_a_cell_that_is_no_boundary_is_refused(cell: str) -> None:
    with pytest.raises(WrongBoundary):
        read_boundary(cell)


def test_a_phone_is_found_by_its_last_four_digits_or_whole() -> None:
    assert domain.phone_wanted("1234").last_four == "1234"
    assert {*domain.phone_wanted("138-1234 1234").whole} == {"13812341234", "+8613812341234"}
    assert "13812341234" in domain.phone_wanted("+8613812341234").whole
    assert domain.phone_wanted("张1234") == domain.PhoneWanted()


@given(st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True), st.integers(1, 20))
def test_no_part_of_a_phone_but_the_last_four_finds_it(phone: str, length: int) -> None:
    """Else five digits, then six, would tell the whole number to whoever asks patiently."""
    part = phone[-length:]
    wanted = domain.phone_wanted(part)
    assert wanted.last_four in {None, phone[-4:]}
    assert all(len(one.removeprefix("+86")) <= len(part) for one in wanted.whole)


def test_a_visit_is_paid_to_a_door_and_not_tomorrow() -> None:
    visit = Visit("wenhua", uuid4(), uuid4(), "visit", NOW, "", False, uuid4())
    for kind in PLACE_KINDS:
        place = Place("wenhua", visit.place_id, kind, None, "一号", "1")
        if kind in {"building", "entrance", "household"}:
            domain.require_visit(visit, place, now=NOW - timedelta(minutes=4))
            with pytest.raises(VisitToCome):
                domain.require_visit(visit, place, now=NOW - timedelta(minutes=6))
        else:
            with pytest.raises(NotVisited):
                domain.require_visit(visit, place, now=NOW)
