"""Figures of a community: counted from what is stored, never kept beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.requests.domain import start_of_day
from services.requests.store.searches import IN_GRID, WITH_GRID
from services.requests.store.tables import UNRESOLVED
from shared import ids
from shared.database import Transaction

__all__ = ["Figures", "GridFigures", "Period", "figures", "figures_by_grid", "figures_of_all"]


@dataclass(frozen=True, slots=True)
class Period:
    """What is counted: today until `now`, and what happened after `since`."""

    now: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a community or of a place in it.

    `due` were due in the period, `on_time` of them were resolved by then; `rated` were closed in
    the period and rated, `satisfied` of them with 4 or 5.
    """

    processing: int
    added_today: int
    solved_today: int
    pending: int
    total_case: int
    total_accepted: int
    total_solved: int
    due: int
    on_time: int
    rated: int
    satisfied: int


@dataclass(frozen=True, slots=True)
class GridFigures:
    """How one grid stands; no id: what lies in no grid."""

    grid_id: UUID | None
    title: str | None
    open: int
    overdue: int
    closed: int


_SOLUTION: Final = """
    SELECT max(at) FROM step
    WHERE step.community = request.community AND step.request_id = request.id
      AND step.cycle = request.cycle AND step.kind IN ('completed', 'resolved')
"""
"""When the work was done that was verified or confirmed: the last time, after any rework."""


def _figures_of(community: str, *narrowed: str) -> str:
    """The figures in one row, each read from an index of its own.

    What is of all time is counted in an index, which holds one short entry for a request; all else
    reads the requests of the period only. An id tells the day on which it was made.
    """
    conditions = " AND ".join((f"request.community = {community}", *narrowed))
    requests = f"FROM service_request AS request WHERE {conditions}"
    return f"""
        SELECT processing, added_today, solved_today, pending, total_case,
               total_case - untaken AS total_accepted, total_solved, due, on_time, rated, satisfied
        FROM (SELECT
                  {_sum_of(f"{UNRESOLVED} OR status = 'resolved'")} AS processing,
                  {_sum_of("status = 'submitted'")} AS pending,
                  {_sum_of("status = 'closed'")} AS total_solved,
                  {_sum_of("true")} AS total_case
              FROM (SELECT status, count(*) AS requests {requests} GROUP BY status) AS by_status
             ) AS ever,
             (SELECT count(*) AS untaken {requests} AND registered_at IS NULL) AS refused,
             (SELECT count(*) AS added_today
              {requests} AND id >= :new_since AND created_at >= :today) AS added,
             (SELECT count(*) FILTER (WHERE closed_at >= :today) AS solved_today,
                     count(stars) AS rated, count(*) FILTER (WHERE stars >= 4) AS satisfied
              {requests} AND closed_at > :since) AS closed,
             (SELECT count(*) AS due, count(*) FILTER (
                  WHERE (verified_by IS NOT NULL
                         OR status = 'closed' AND closed_as <> 'timeout')
                    AND ({_SOLUTION}) <= due_at) AS on_time
              {requests} AND due_at > :since AND due_at <= :now
                AND status NOT IN ('rejected', 'cancelled')) AS expected
    """  # noqa: S608 - constants


def _sum_of(condition: str) -> str:
    return f"CAST(coalesce(sum(requests) FILTER (WHERE {condition}), 0) AS bigint)"


_OF_COMMUNITY = text(_figures_of(":community"))
_OF_GRID = text(f"{WITH_GRID} {_figures_of(':community', IN_GRID)}")
_OF_ALL = text(
    f"""
    SELECT known.community, known.title, counted.*
    FROM known_community AS known CROSS JOIN LATERAL ({_figures_of("known.community")}) AS counted
    WHERE NOT known.removed ORDER BY known.community
    """  # noqa: S608 - constants
)
_BY_GRID = text(
    f"""
    WITH RECURSIVE area AS (
        SELECT place_id AS grid_id, place_id FROM known_place
        WHERE community = :community AND kind = 'grid' AND NOT removed
        UNION SELECT area.grid_id, place.place_id
              FROM area JOIN known_place AS place ON place.parent_id = area.place_id
              WHERE place.community = :community
    ), counted AS (
        SELECT place_id,
               count(*) FILTER (WHERE closed_at IS NULL) AS open,
               count(*) FILTER (WHERE {UNRESOLVED} AND due_at < :now) AS overdue,
               count(closed_at) AS closed
        FROM service_request
        WHERE community = :community AND (
            status = 'submitted' OR {UNRESOLVED} OR status = 'resolved' OR closed_at > :since)
        GROUP BY place_id
    ), summed AS (
        SELECT grid_id, CAST(coalesce(sum(open), 0) AS bigint) AS open,
               CAST(coalesce(sum(overdue), 0) AS bigint) AS overdue,
               CAST(coalesce(sum(closed), 0) AS bigint) AS closed
        FROM area FULL JOIN counted USING (place_id) GROUP BY grid_id
    )
    SELECT grid_id, title, open, overdue, closed
    FROM summed LEFT JOIN known_place
        ON known_place.community = :community AND known_place.place_id = grid_id
    ORDER BY title, grid_id
    """  # noqa: S608 - constants
)


async def figures(tx: Transaction, community: str, *, grid: UUID | None, period: Period) -> Figures:
    """The figures of a community, or of a place and whatever lies in it."""
    statement = _OF_GRID if grid else _OF_COMMUNITY
    rows = await tx.execute(statement, {"community": community, "grid": grid} | _moments(period))
    return Figures(**rows.one())


async def figures_of_all(tx: Transaction, period: Period) -> list[tuple[str, str, Figures]]:
    """Slug, title and figures of every community on the platform, by slug."""
    rows = await tx.execute(_OF_ALL, _moments(period))
    return [(slug, title, Figures(*figures)) for slug, title, *figures in rows]


async def figures_by_grid(tx: Transaction, community: str, *, period: Period) -> list[GridFigures]:
    """Every grid of a community by title; what lies in no grid, if there is any, at the end."""
    rows = await tx.execute(_BY_GRID, {"community": community} | _moments(period))
    return [GridFigures(**row) for row in rows]


def _moments(period: Period) -> dict[str, datetime | UUID]:
    today = start_of_day(period.now)
    # Clocks differ, and an id is made before its request: a day is more than enough.
    new_since = ids.first_id_at(today - timedelta(days=1))
    return {"now": period.now, "since": period.since, "today": today, "new_since": new_since}
