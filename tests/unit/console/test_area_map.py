"""How boundaries become areas on a sheet."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.clients.models.directory import GridView as Drawn
from services.console.clients.models.requests import GridView as Counted
from services.console.pages.parts.area_map import MARGIN, TALLEST, WIDTH, drawing
from services.console.pages.register.map import grids, level

WEST, SOUTH = 113.91, 30.92
SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]


def area(*corners: tuple[float, float], size: float = 0.01) -> dict[str, object]:
    """A polygon of our neighbourhood, its corners in shares of `size` degrees."""
    ring = [[WEST + x * size, SOUTH + y * size] for x, y in corners]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def one(boundary: object):
    found = drawing({uuid4(): boundary})
    assert found
    return found, found.areas[0]


def test_north_is_up_and_a_degree_of_longitude_is_narrower() -> None:
    sheet, drawn = one(area((0, 0), (1, 0), (1, 1), (0, 1)))
    assert (sheet.height, sheet.width) == (TALLEST, pytest.approx(518, abs=2))  # cos 30.9°
    south_west, *_ = drawn.path.removeprefix("M").split("L")
    assert south_west == f"{MARGIN} {TALLEST - MARGIN}"
    assert (drawn.x, drawn.y) == (pytest.approx(sheet.width / 2, abs=1), TALLEST / 2)


def test_a_label_lies_within_its_area_however_it_is_bent() -> None:
    # the middle of this U lies outside of it
    _, drawn = one(area((0, 0), (6, 0), (6, 6), (5, 6), (5, 1), (1, 1), (1, 6), (0, 6)))
    width = drawn.room
    assert drawn.x - width / 2 == pytest.approx(MARGIN) or drawn.x > 400
    assert not drawn.holds("第一网格的很长的名字")
    assert drawn.holds("一")


def test_a_hole_is_no_room_for_a_label() -> None:
    outer = [[WEST + x * 0.01, SOUTH + y * 0.01] for x, y in SQUARE]
    hole = [[WEST + 0.002 + x * 0.007, SOUTH + 0.001 + y * 0.008] for x, y in SQUARE]
    _, drawn = one({"type": "Polygon", "coordinates": [outer, hole]})
    assert drawn.x < WIDTH * 0.2
    assert drawn.path.count("Z") == 2


def test_what_is_no_area_is_left_out() -> None:
    known = uuid4()
    assert drawing({}) is None
    assert drawing({known: None}) is None
    assert drawing({known: {"type": "Point", "coordinates": [1, 2]}}) is None
    assert drawing({known: {"type": "Polygon", "coordinates": []}}) is None
    found = drawing({known: area((0, 0), (1, 0), (1, 1)), uuid4(): None})
    assert found
    assert [one.id for one in found.areas] == [known]


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(list)


@given(st.lists(degrees, min_size=3, max_size=8))
def test_any_boundary_that_the_directory_takes_is_drawn_on_the_sheet(corners) -> None:
    ring = [*corners, corners[0]]
    sheet, drawn = one({"type": "MultiPolygon", "coordinates": [[ring]]})
    assert 0 < sheet.width <= WIDTH
    assert 0 < sheet.height <= TALLEST
    for point in drawn.path.strip("MZ").split("L"):
        x, y = map(float, point.split())
        assert 0 <= x <= sheet.width
        assert 0 <= y <= sheet.height


def counted(grid_id: UUID | None, open_: int = 0, overdue: int = 0) -> Counted:
    return Counted(grid_id=grid_id, title="数来的", open=open_, overdue=overdue, closed=0)


def drawn(grid_id: UUID, title: str, boundary: object = None) -> Drawn:
    return Drawn(
        version=1,
        id=grid_id,
        kind="grid",
        parent_id=None,
        title=title,
        code=title,
        compound_type=None,
        grid_id=grid_id,
        service_phone=None,
        boundary=boundary,
    )


@pytest.mark.parametrize(
    ("found", "stands"),
    [
        (None, "unknown"),
        (counted(None), "calm"),
        (counted(None, 5), "open"),
        (counted(None, 7, 2), "overdue"),
        (counted(None, 6, 2), "many"),
        (counted(None, 1, 1), "many"),
    ],
)
def test_how_a_grid_stands(found: Counted | None, stands: str) -> None:
    assert level(found) == stands


def test_each_grid_is_there_once_and_what_lies_in_none_comes_last() -> None:
    first, second, gone = uuid4(), uuid4(), uuid4()
    found = grids(
        [drawn(second, "B", area((0, 0), (1, 0), (1, 1))), drawn(first, "A")],
        [counted(None, 1), counted(second, 3), counted(gone, 2)],
    )
    assert [one.id for one in found] == [first, second, gone, None]
    assert [one.title for one in found] == ["A", "B", "数来的", "数来的"]
    assert [one.counted.open for one in found if one.counted] == [0, 3, 2, 1]
    assert [one.is_drawn for one in found] == [False, True, False, False]


def test_without_the_requests_nobody_says_that_all_is_calm() -> None:
    assert [one.level for one in grids([drawn(uuid4(), "A")], None)] == ["unknown"]
    assert [one.level for one in grids(None, [counted(uuid4(), 1)])] == ["open"]
    assert grids(None, None) == []
