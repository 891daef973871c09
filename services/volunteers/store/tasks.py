"""Tasks and their assignments."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from services.volunteers.domain import Assignment, Task
from services.volunteers.store.rows import (
    ASSIGNMENT_COLUMNS,
    TASK_COLUMNS,
    as_json,
    assignment_of,
    assignment_row,
    columns_of,
    task_of,
    task_row,
)
from shared.database import Row, Transaction
from shared.problems import NotFound, StaleVersion, WrongState

__all__ = ["Key", "load", "load_cycles", "save", "tasks_of"]

type Key = tuple[str, UUID, int]
"""Community, request and cycle: there is one task for each."""


_LOAD = text("SELECT * FROM task WHERE community = :community AND id = :id FOR UPDATE")
_LOAD_CYCLES = text(
    """
    SELECT task.* FROM task
    JOIN unnest(CAST(:communities AS text[]), CAST(:request_ids AS uuid[]),
                CAST(:cycles AS int[])) AS wanted (community, request_id, cycle)
        USING (community, request_id, cycle)
    ORDER BY task.community, task.id FOR UPDATE OF task
    """
)
_ASSIGNMENTS = text(
    """
    SELECT * FROM assignment
    WHERE community = ANY(CAST(:communities AS text[]))
      AND task_id = ANY(CAST(:task_ids AS uuid[]))
    ORDER BY task_id, claimed_at, taker_id
    """
)


def _upsert(table: str, typed: str, key: str) -> str:
    """An upsert of rows given as JSON; a row that is not newer changes nothing."""
    names = columns_of(typed)
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key.split(", "))
    return f"""
        INSERT INTO {table} ({", ".join(names)})
        SELECT {", ".join(names)} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row ({typed})
        ORDER BY {key}
        ON CONFLICT ({key}) DO UPDATE SET {sets} WHERE excluded.version > {table}.version
    """  # noqa: S608 - made of constants


_SAVE = text(_upsert("task", TASK_COLUMNS, "community, id"))
_SAVE_ASSIGNMENTS = text(
    _upsert("assignment", ASSIGNMENT_COLUMNS, "community, task_id, taker_kind, taker_id")
)


async def load(
    tx: Transaction, community: str, task_id: UUID, *, expected: int | None = None
) -> Task:
    """A task to change, locked until the transaction ends: of many claims one is decided at a time.

    Raises NotFound, and StaleVersion when the caller has seen another version than the present.
    """
    rows = await tx.execute(_LOAD, {"community": community, "id": task_id})
    (task,) = await tasks_of(tx, rows) or (None,)
    if task is None:
        raise NotFound
    if expected not in {None, task.version}:
        raise StaleVersion
    return task


async def load_cycles(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Task]:
    """The tasks of these cycles that exist, locked in the order of their ids."""
    wanted = sorted(keys)
    rows = await tx.execute(
        _LOAD_CYCLES,
        {
            "communities": [community for community, _, _ in wanted],
            "request_ids": [request_id for _, request_id, _ in wanted],
            "cycles": [cycle for _, _, cycle in wanted],
        },
    )
    tasks = await tasks_of(tx, rows)
    return {(task.community, task.request_id, task.cycle): task for task in tasks}


async def save(tx: Transaction, tasks: Sequence[Task]) -> None:
    """Store the next versions of `tasks`, new ones too. Raises WrongState when one is not newer."""
    if not tasks:
        return
    rows = [task_row(task) for task in tasks]
    if await tx.change(_SAVE, {"rows": as_json(rows)}) != len(tasks):
        raise WrongState
    changed = [assignment_row(task, one) for task in tasks for one in task.changed]
    if changed:
        await tx.execute(_SAVE_ASSIGNMENTS, {"rows": as_json(changed)})


async def tasks_of(tx: Transaction, rows: Sequence[Row]) -> list[Task]:
    """The tasks of rows with their assignments.

    A statement of its own: after waiting for a lock, the first one would still show the assignments
    as they were before the wait.
    """
    if not rows:
        return []
    found = await tx.execute(
        _ASSIGNMENTS,
        {
            "communities": sorted({row["community"] for row in rows}),
            "task_ids": [row["id"] for row in rows],
        },
    )
    assignments: defaultdict[UUID, list[Assignment]] = defaultdict(list)
    for one in found:
        assignments[one["task_id"]].append(assignment_of(one))
    return [task_of(row, tuple(assignments[row["id"]])) for row in rows]
