"""Tasks as rows and back."""

from typing import Any, Final

import orjson

from services.volunteers.domain import Assignment, Evidence, Standing, State, Task
from shared.database import Row
from shared.events import Taker

__all__ = [
    "ASSIGNMENT_COLUMNS",
    "TASK_COLUMNS",
    "as_json",
    "assignment_of",
    "assignment_row",
    "columns_of",
    "task_of",
    "task_row",
]

TASK_COLUMNS: Final = (
    "community text, id uuid, request_id uuid, cycle int, number text, category text,"
    " place_id uuid, requester_id uuid, filed_by uuid, takers_wanted smallint,"
    " places_free smallint, evidence_needed text, state text, listed boolean, offered_kind text,"
    " offered_id uuid, request_version int, version int, created_at timestamptz,"
    " updated_at timestamptz"
)
ASSIGNMENT_COLUMNS: Final = (
    "community text, task_id uuid, taker_kind text, taker_id uuid, person_id uuid, state text,"
    " acted uuid[], version int, service_minutes smallint, note text, evidence jsonb,"
    " reason text,"
    " claimed_at timestamptz, started_at timestamptz, completed_at timestamptz,"
    " declined_at timestamptz"
)
"""What `jsonb_to_recordset` makes of the rows below."""


def columns_of(typed: str) -> tuple[str, ...]:
    """The names in `name type, …`."""
    return tuple(one.split()[0] for one in typed.split(","))


def as_json(rows: list[dict[str, Any]]) -> str:
    """Rows as one parameter, however many they are."""
    return orjson.dumps(rows, default=str).decode()  # asyncpg's UUIDs are a class of their own


def task_row(task: Task) -> dict[str, Any]:
    """A task as its row."""
    offered = task.offered_to
    row = {name: getattr(task, name, None) for name in columns_of(TASK_COLUMNS)}
    return row | {
        "offered_kind": offered.kind if offered else None,
        "offered_id": offered.id if offered else None,
    }


def assignment_row(task: Task, one: Assignment) -> dict[str, Any]:
    """An assignment as its row."""
    row = {name: getattr(one, name, None) for name in columns_of(ASSIGNMENT_COLUMNS)}
    return row | {
        "community": task.community,
        "task_id": task.id,
        "taker_kind": one.taker.kind,
        "taker_id": one.taker.id,
    }


def task_of(row: Row, assignments: tuple[Assignment, ...]) -> Task:
    """The task of a row."""
    left_out = {"places_free", "offered_kind", "offered_id"}
    values: dict[str, Any] = {
        name: row[name] for name in columns_of(TASK_COLUMNS) if name not in left_out
    }
    values["state"] = State(values["state"])
    offered = row["offered_id"] and Taker(kind=row["offered_kind"], id=row["offered_id"])
    return Task(
        **values, offered_to=offered, assignments=assignments, stored_version=row["version"]
    )


def assignment_of(row: Row) -> Assignment:
    """The assignment of a row."""
    values = _without(row, "community", "task_id", "taker_kind", "taker_id")
    values["state"] = Standing(values["state"])
    values["acted"] = tuple(values["acted"])
    values["evidence"] = tuple(Evidence(**one) for one in values["evidence"])
    return Assignment(**values, taker=Taker(kind=row["taker_kind"], id=row["taker_id"]))


def _without(row: Row, *names: str) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    return {name: value for name, value in values.items() if name not in names}
