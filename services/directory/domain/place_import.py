"""Importing places: a file against what is there, matched by code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast, get_args
from uuid import UUID

from services.directory.domain import table_file
from services.directory.domain.boundary import Boundary, WrongBoundary, read_boundary
from services.directory.domain.community import CompoundType
from services.directory.domain.place import Place, may_hold
from services.directory.domain.table_file import Lines, Reading, Reason, Row, RowChange, RowError
from services.directory.domain.words import COMPOUND_WORDS, KIND_WORDS, PLACE_TITLES
from shared.events.directory import PLACE_KINDS

PLACE_COLUMNS: Final = ("code", "parent_code", "kind", "title", "compound_type", "boundary")
REQUIRED: Final = ("code", "kind", "title")
LIMITS: Final = {
    "code": table_file.LONGEST_CODE,
    "parent_code": table_file.LONGEST_CODE,
    "title": table_file.LONGEST_TEXT,
}
IMPORTED_KINDS: Final = PLACE_KINDS[1:]
"""The root is made with the community."""

TOLD_BY: Final = {
    "parent_code": "parent_id",
    "title": "title",
    "compound_type": "compound_type",
    "boundary": "boundary",
}
"""Which column of a file tells which field of a place."""

_UNKNOWN_PARENT: Final = Reason("上级地点不存在。", "There is no such parent.")
_WRONG_PARENT: Final = Reason("上级地点的层级必须更高。", "The parent must be of a higher kind.")
_OTHER_KIND: Final = Reason(
    "该编码的地点是另一类型，类型不能更改。", "The place with this code is of another kind."
)
_ROOT: Final = Reason("这是社区本身的编码。", "This is the code of the community itself.")
_NOT_A_COMPOUND: Final = Reason("只有小区才有小区类型。", "Only a compound has a type.")


@dataclass(slots=True)
class PlacePlan:
    """What an import stores: all of it, or nothing when there are errors."""

    new: list[Place] = field(default_factory=list[Place])
    changed: list[Place] = field(default_factory=list[Place])
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list[RowError])
    changes: list[RowChange] = field(default_factory=list[RowChange])


def read_places(lines: Lines) -> Reading:
    """The rows of a file of places, words as they are stored."""
    reading = table_file.read(lines, columns=PLACE_COLUMNS, required=REQUIRED, titles=PLACE_TITLES)
    for row in reading.rows:
        cells = row.cells
        cells["kind"] = KIND_WORDS.get(cells["kind"], cells["kind"])
        cells["compound_type"] = COMPOUND_WORDS.get(cells["compound_type"], cells["compound_type"])
        cells["boundary"] = " ".join(cells["boundary"].split())  # it may come in several lines
    return reading


def codes_in(rows: Sequence[Row]) -> list[str]:
    """Every code a file names."""
    return sorted({row.cells[one] for row in rows for one in ("code", "parent_code")} - {""})


def plan_places(
    reading: Reading,
    *,
    root: Place,
    present: Mapping[str, Place],
    compound_type: CompoundType | None,
    new_id: Callable[[], UUID],
) -> PlacePlan:
    """Compare a file with the places that are there, by code.

    A row without a parent lies in the community itself. An empty type or boundary keeps what is
    stored; a new compound takes the community's type.
    """
    known = {**present, root.code: root}
    places: dict[str, tuple[Row, Place]] = {}
    plan = PlacePlan(errors=list(reading.errors))
    for row in reading.rows:
        code = row.cells["code"]
        before = known.get(code)
        boundary, errors = _boundary(row)
        plan.errors += _row_errors(row, root, before, is_repeated=code in places) + errors
        if code and code not in places:
            place = _place(row, root, before, compound_type, new_id)
            places[code] = (row, replace(place, boundary=boundary or place.boundary))
    for row, place in places.values():
        parent_code = row.cells["parent_code"] or root.code
        parent = places[parent_code][1] if parent_code in places else known.get(parent_code)
        if row.cells["kind"] not in IMPORTED_KINDS:
            continue  # told already; nothing can be said about its parent
        if reason := _parent_reason(place, parent):
            plan.errors.append(RowError.of(row.number, "parent_code", reason))
        elif parent is not None:
            _sort_in(plan, row, replace(place, parent_id=parent.id), known.get(place.code))
    plan.errors.sort(key=lambda one: one.row)
    return plan


def _row_errors(
    row: Row, root: Place, before: Place | None, *, is_repeated: bool
) -> list[RowError]:
    """What is wrong with a row by itself."""
    kind, compound_type = row.cells["kind"], row.cells["compound_type"]
    checks = (
        ("code", table_file.REPEATED, is_repeated),
        ("code", _ROOT, row.cells["code"] == root.code),
        ("kind", table_file.NOT_ONE_OF, bool(kind) and kind not in IMPORTED_KINDS),
        ("kind", _OTHER_KIND, before is not None and before.kind not in {kind, root.kind}),
        ("compound_type", _NOT_A_COMPOUND, bool(compound_type) and kind != "compound"),
        (
            "compound_type",
            table_file.NOT_ONE_OF,
            bool(compound_type) and compound_type not in get_args(CompoundType),
        ),
    )
    return table_file.text_errors(row, LIMITS, REQUIRED) + [
        RowError.of(row.number, column, reason) for column, reason, wrong in checks if wrong
    ]


def _boundary(row: Row) -> tuple[Boundary | None, list[RowError]]:
    """The boundary that a row tells, or what is wrong with it."""
    cell = row.cells["boundary"]
    try:
        return (read_boundary(cell) if cell else None), []
    except WrongBoundary as wrong:
        return None, [RowError(row.number, "boundary", wrong.zh, wrong.en)]


def _place(
    row: Row,
    root: Place,
    before: Place | None,
    default_type: CompoundType | None,
    new_id: Callable[[], UUID],
) -> Place:
    """The place a row wants; its parent is found later, when every row is known."""
    told_type = cast("CompoundType | None", row.cells["compound_type"] or None)
    if before is not None:
        compound_type = told_type or before.compound_type
        return replace(before, title=row.cells["title"], compound_type=compound_type)
    kind = row.cells["kind"]
    return Place(
        community=root.community,
        id=new_id(),
        kind=kind if kind in IMPORTED_KINDS else IMPORTED_KINDS[-1],
        parent_id=root.id,
        title=row.cells["title"],
        code=row.cells["code"],
        compound_type=told_type or (default_type if kind == "compound" else None),
    )


def _parent_reason(place: Place, parent: Place | None) -> Reason | None:
    """Why `parent` cannot hold the place, if so."""
    if parent is None:
        return _UNKNOWN_PARENT
    return None if may_hold(parent.kind, place.kind) else _WRONG_PARENT


def _sort_in(plan: PlacePlan, row: Row, place: Place, before: Place | None) -> None:
    if before is None:
        plan.new.append(place)
        plan.changes.append(RowChange(row.number, is_new=True))
    elif place != before:
        plan.changed.append(replace(place, version=before.version + 1))
        columns = [
            column
            for column, name in TOLD_BY.items()
            if getattr(place, name) != getattr(before, name)
        ]
        plan.changes.append(RowChange(row.number, is_new=False, columns=columns))
    else:
        plan.unchanged += 1
