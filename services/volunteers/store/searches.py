"""Finding tasks: what somebody may take, is offered, holds or has asked; and what lies near."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from services.volunteers.domain import Board, State, Task
from services.volunteers.store.tables import FREE
from services.volunteers.store.tasks import tasks_of
from shared.database import Transaction
from shared.events.directory import PlaceKind
from shared.problems import NotFound

__all__ = ["Eyes", "Found", "Search", "read", "search"]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: every taker they can be, and whether they may take or see everything."""

    taker_ids: Sequence[UUID]
    person_id: UUID
    may_take: bool
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Which tasks of a community are wanted; `near`: those closest to this place first."""

    community: str
    eyes: Eyes
    board: Board | None = None
    mine: bool = False
    states: Sequence[State] = ()
    categories: Sequence[str] = ()
    place_id: UUID | None = None
    request_id: UUID | None = None
    request_ids: Sequence[UUID] = ()
    since: datetime | None = None
    near: UUID | None = None
    after: UUID | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A task; where `near` was asked, what kind of place holds both at the least."""

    task: Task
    shared_place: PlaceKind | None


_HELD: Final = """
    SELECT task_id FROM assignment
    WHERE community = :community AND taker_id = ANY(CAST(:taker_ids AS uuid[]))
      AND state <> 'declined'
"""
_OFFERED: Final = """
    SELECT id FROM task
    WHERE community = :community AND offered_id = ANY(CAST(:taker_ids AS uuid[]))
"""
_FREE: Final = f"SELECT id FROM task WHERE :may_take AND community = :community AND {FREE}"  # noqa: S608
_MINE: Final = f"{_HELD} UNION {_OFFERED}"
_ANY: Final = f"""
    {_MINE}
    UNION SELECT id FROM task WHERE community = :community AND requester_id = :person_id
    UNION SELECT id FROM task WHERE community = :community AND filed_by = :person_id
    UNION {_FREE}
"""  # noqa: S608 - made of constants
"""Ids, each part from an index of its own: what is closed costs those nothing who look for work."""

_BOARDS: Final = {
    Board.HELD: _HELD,
    Board.OFFERED: f"{_OFFERED} AND state = 'open'",
    Board.FREE: f"""
        {_FREE} AND :person_id NOT IN (requester_id, filed_by) AND NOT EXISTS (
            SELECT FROM assignment
            WHERE assignment.community = :community AND task_id = task.id
              AND assignment.state <> 'declined'
              AND (person_id = :person_id OR taker_id = ANY(CAST(:taker_ids AS uuid[]))))
    """,
}
_FILTERS: Final = {
    "states": "state = ANY(CAST(:states AS text[]))",
    "categories": "category = ANY(CAST(:categories AS text[]))",
    "place_id": "place_id = :place_id",
    "request_id": "request_id = :request_id",
    "request_ids": "request_id = ANY(CAST(:request_ids AS uuid[]))",
    "since": "created_at >= :since",
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
_NEAREST_FIRST: Final = """
    WITH RECURSIVE around AS (
        SELECT place_id, parent_id, kind, 0 AS steps FROM known_place
        WHERE community = :community AND place_id = :near
        UNION ALL
        SELECT above.place_id, above.parent_id, above.kind, around.steps + 1
        FROM around JOIN known_place AS above
            ON above.community = :community AND above.place_id = around.parent_id
    ), wanted AS MATERIALIZED (
        {wanted}
    ), lying AS (
        SELECT DISTINCT place_id AS of, place_id AS at FROM wanted
        UNION
        SELECT lying.of, place.parent_id FROM lying JOIN known_place AS place
            ON place.community = :community AND place.place_id = lying.at
    ), shared AS (
        SELECT DISTINCT ON (lying.of) lying.of, around.kind AS shared_place, around.steps
        FROM lying JOIN around ON around.place_id = lying.at
        ORDER BY lying.of, around.steps
    ), ranked AS (
        SELECT wanted.*, shared_place, coalesce(shared.steps, 99) AS steps
        FROM wanted LEFT JOIN shared ON shared.of = wanted.place_id
    )
    SELECT * FROM ranked {goes_on} ORDER BY steps, id DESC LIMIT :limit + 1
"""
"""The tree is walked upward only, from the tasks that are wanted: as far as it is high."""

_GOES_ON: Final = """
    WHERE steps > (SELECT steps FROM ranked WHERE id = :after)
       OR (steps = (SELECT steps FROM ranked WHERE id = :after) AND id < :after)
"""


async def read(tx: Transaction, community: str, task_id: UUID, *, eyes: Eyes) -> Task:
    """A task that `eyes` may see. Raises NotFound."""
    rows = await tx.execute(_READ, {"community": community, "id": task_id} | _sight(eyes))
    (task,) = await tasks_of(tx, rows) or (None,)
    if task is None:
        raise NotFound
    return task


async def search(tx: Transaction, wanted: Search) -> list[Found]:
    """Tasks, the nearest or the newest first; one more than `limit` when there are more."""
    asked = {name: value for name in _FILTERS if (value := getattr(wanted, name))}
    statement = _search_of(
        _ids_of(wanted),
        tuple(asked),
        nearest_first=wanted.near is not None,
        goes_on=wanted.after is not None,
    )
    page = {"near": wanted.near, "after": wanted.after, "limit": wanted.limit}
    values = {"community": wanted.community} | asked | page | _sight(wanted.eyes)
    rows = await tx.execute(statement, values)
    tasks = await tasks_of(tx, rows)
    return [Found(task, row.get("shared_place")) for task, row in zip(tasks, rows, strict=True)]


def _ids_of(wanted: Search) -> str | None:
    """The statement of the ids to search among; None: all of the community."""
    if wanted.board is not None:
        return _BOARDS[wanted.board]
    if wanted.mine:
        return _MINE
    return None if wanted.eyes.sees_all else _ANY


@cache
def _search_of(
    ids: str | None, filters: tuple[str, ...], *, nearest_first: bool, goes_on: bool
) -> TextClause:
    """A search among `ids` with these filters; `goes_on`: from where a page ended."""
    conditions = [_FILTERS[name] for name in filters]
    if ids is not None:
        conditions.append(f"id IN ({ids})")
    chosen = " AND ".join(conditions) or "true"
    tasks = "SELECT * FROM task WHERE community = :community"
    if nearest_first:  # whoever took the last one of a page: the next page begins after it still
        also = " OR id = :after" if goes_on else ""
        wanted = f"{tasks} AND (({chosen}){also})"
        return text(_NEAREST_FIRST.format(wanted=wanted, goes_on=_GOES_ON if goes_on else ""))
    follows = " AND id < :after" if goes_on else ""
    return text(f"{tasks} AND {chosen}{follows} ORDER BY id DESC LIMIT :limit + 1")


def _sight(eyes: Eyes) -> dict[str, Any]:
    return {
        "taker_ids": list(eyes.taker_ids),
        "person_id": eyes.person_id,
        "may_take": eyes.may_take,
        "sees_all": eyes.sees_all,
    }
