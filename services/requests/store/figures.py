"""Figures of a community: counted from what is stored, never kept beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.requests.domain import start_of_day
from services.requests.store.searches import IN_GRID, WITH_GRID
from services.requests.store.tables import UNRESOLVED
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


_DUE: Final = "due_at > :since AND due_at <= :now AND status NOT IN ('rejected', 'cancelled')"
_SOLUTION: Final = """
    SELECT max(at) FROM step
    WHERE step.community = request.community AND step.request_id = request.id
      AND step.cycle = request.cycle AND step.kind IN ('completed', 'resolved')
"""
"""When the work was done that was verified or confirmed: the last time, after any rework."""

_FIGURES: Final = f"""
    count(*) FILTER (WHERE {UNRESOLVED} OR status = 'resolved') AS processing,
    count(*) FILTER (WHERE created_at >= :today) AS added_today,
    count(*) FILTER (WHERE closed_at >= :today) AS solved_today,
    count(*) FILTER (WHERE status = 'submitted') AS pending,
    count(request.id) AS total_case,
    count(registered_at) AS total_accepted,
    count(closed_at) AS total_solved,
    count(*) FILTER (WHERE {_DUE}) AS due,
    count(*) FILTER (
        WHERE {_DUE} AND (status = 'closed' OR verified_by IS NOT NULL)
          AND ({_SOLUTION}) <= due_at) AS on_time,
    count(*) FILTER (WHERE closed_at > :since AND stars IS NOT NULL) AS rated,
    count(*) FILTER (WHERE closed_at > :since AND stars >= 4) AS satisfied
"""
_OF_COMMUNITY = text(
    f"SELECT {_FIGURES} FROM service_request AS request "  # noqa: S608 - constants
    "WHERE community = :community"
)
_OF_GRID = text(f"{WITH_GRID} {_OF_COMMUNITY.text} AND {IN_GRID}")
_OF_ALL = text(
    f"""
    SELECT community, known_community.title, {_FIGURES}
    FROM known_community LEFT JOIN service_request AS request USING (community)
    WHERE NOT known_community.removed
    GROUP BY community, known_community.title ORDER BY community
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


def _moments(period: Period) -> dict[str, datetime]:
    return {"now": period.now, "since": period.since, "today": start_of_day(period.now)}
