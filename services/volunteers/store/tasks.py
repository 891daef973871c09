"""Tasks and their assignments."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.volunteers.domain import Assignment, State, Task
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
from services.volunteers.store.tables import FREE
from shared.database import Row, Transaction
from shared.problems import NotFound, StaleVersion, WrongState

__all__ = ["Eyes", "Key", "Search", "load", "load_cycles", "read", "save", "search"]

type Key = tuple[str, UUID, int]
"""Community, request and cycle: there is one task for each."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: every taker they can be, and whether they may take or see everything."""

    taker_ids: Sequence[UUID]
    person_id: UUID
    may_take: bool
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Which tasks of a community are wanted."""

    community: str
    eyes: Eyes
    mine: bool = False
    states: Sequence[State] = ()
    place_id: UUID | None = None
    request_id: UUID | None = None
    after: UUID | None = None
    limit: int = 50


_MINE: Final = """
    SELECT task_id FROM assignment
    WHERE community = :community AND taker_id = ANY(CAST(:taker_ids AS uuid[]))
      AND state <> 'declined'
    UNION SELECT id FROM task
    WHERE community = :community AND offered_id = ANY(CAST(:taker_ids AS uuid[]))
"""
_BOARD: Final = f"""
    {_MINE}
    UNION SELECT id FROM task WHERE community = :community AND requester_id = :person_id
    UNION SELECT id FROM task WHERE community = :community AND filed_by = :person_id
    UNION SELECT id FROM task WHERE :may_take AND community = :community AND {FREE}
"""  # noqa: S608 - made of constants
"""Ids, each part from an index of its own: what is closed costs those nothing who look for work."""
_FILTERS: Final = {
    "states": "state = ANY(CAST(:states AS text[]))",
    "place_id": "place_id = :place_id",
    "request_id": "request_id = :request_id",
    "after": "id < :after",
}
"""What a filter adds to a search; one that is not asked for keeps no index from being used."""
_READ = text(
    f"""
    SELECT * FROM task
    WHERE community = :community AND id = :id AND (
        :sees_all OR :person_id IN (requester_id, filed_by) OR (:may_take AND {FREE})
        OR offered_id = ANY(CAST(:taker_ids AS uuid[])) OR EXISTS (
            SELECT FROM assignment
            WHERE assignment.community = :community AND assignment.task_id = :id
              AND taker_id = ANY(CAST(:taker_ids AS uuid[])) AND assignment.state <> 'declined'))
    """  # noqa: S608 - made of constants
)
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
    (task,) = await _tasks(tx, rows) or (None,)
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
    tasks = await _tasks(tx, rows)
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


async def read(tx: Transaction, community: str, task_id: UUID, *, eyes: Eyes) -> Task:
    """A task that `eyes` may see. Raises NotFound."""
    rows = await tx.execute(_READ, {"community": community, "id": task_id} | _sight(eyes))
    (task,) = await _tasks(tx, rows) or (None,)
    if task is None:
        raise NotFound
    return task


async def search(tx: Transaction, wanted: Search) -> list[Task]:
    """Tasks, newest first; one more than `limit` when there are more."""
    asked = {name: value for name in _FILTERS if (value := getattr(wanted, name))}
    everything = None if wanted.eyes.sees_all else _BOARD
    query = _search_of(_MINE if wanted.mine else everything, tuple(asked))
    values = {"community": wanted.community, "limit": wanted.limit}
    rows = await tx.execute(query, values | asked | _sight(wanted.eyes))
    return await _tasks(tx, rows)


@cache
def _search_of(ids: str | None, filters: tuple[str, ...]) -> TextClause:
    """A search among `ids` (None: all of a community) with these filters."""
    conditions = ["community = :community", *(_FILTERS[name] for name in filters)]
    if ids is not None:
        conditions.append(f"id IN ({ids})")
    return text(
        f"SELECT * FROM task WHERE {' AND '.join(conditions)}"  # noqa: S608 - constants
        " ORDER BY id DESC LIMIT :limit + 1"
    )


def _sight(eyes: Eyes) -> dict[str, Any]:
    return {
        "taker_ids": list(eyes.taker_ids),
        "person_id": eyes.person_id,
        "may_take": eyes.may_take,
        "sees_all": eyes.sees_all,
    }


async def _tasks(tx: Transaction, rows: Sequence[Row]) -> list[Task]:
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
