"""Who could take a request: who knows how, volunteers, has least to do, has rested longest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from shared.database import Transaction
from shared.events import Taker
from shared.permissions import TAKERS

__all__ = ["Candidate", "CandidateSearch", "candidates"]


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """For what kind of work somebody is wanted; `among` whom (none: all), and `without` whom."""

    community: str
    skill: str | None = None
    among: Sequence[UUID] = ()
    without: Sequence[UUID] = ()
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be asked, and why they stand where they stand."""

    taker: Taker
    skills: Sequence[str]
    is_skilled: bool
    is_volunteer: bool
    """Not somebody whose work it is, such as staff."""
    tasks_held: int
    """What they hold or are offered now."""
    last_served_at: datetime | None


_CANDIDATES = text(
    """
    WITH under_way AS MATERIALIZED (
        SELECT id, offered_id FROM task
        WHERE community = :community AND state IN ('open', 'claimed', 'in_progress')
    ), held AS MATERIALIZED (
        SELECT taker_id, count(*) AS tasks FROM (
            SELECT taker_id FROM under_way JOIN assignment
                ON assignment.community = :community AND task_id = under_way.id
                AND assignment.state IN ('claimed', 'started')
            UNION ALL SELECT offered_id FROM under_way WHERE offered_id IS NOT NULL
        ) AS one GROUP BY taker_id
    ), able AS (
        SELECT 'person' AS kind, member.person_id AS id, coalesce(skills, '{}') AS skills,
            'volunteer' = ANY(member.roles) AS is_volunteer
        FROM known_membership AS member LEFT JOIN volunteer USING (community, person_id)
        WHERE community = :community AND NOT member.removed
          AND member.roles && CAST(:takers AS text[]) AND state IS DISTINCT FROM 'paused'
        UNION ALL
        SELECT 'organisation', organisation_id, '{}', false FROM known_organisation
        WHERE community = :community AND NOT removed
    ), ranked AS (
        SELECT able.*, coalesce(:skill = ANY(skills), false) AS is_skilled,
            coalesce(held.tasks, 0) AS tasks_held, served.completed_at AS last_served_at
        FROM able LEFT JOIN held ON held.taker_id = able.id
        LEFT JOIN LATERAL (
            SELECT completed_at FROM assignment
            WHERE community = :community AND taker_id = able.id AND state <> 'declined'
              AND completed_at IS NOT NULL
            ORDER BY task_id DESC LIMIT 1) AS served ON true
        WHERE able.id <> ALL(CAST(:without AS uuid[]))
          AND (CAST(:among AS uuid[]) = '{}' OR able.id = ANY(CAST(:among AS uuid[])))
    )
    SELECT * FROM (
        SELECT *, row_number() OVER (
            PARTITION BY kind
            ORDER BY is_skilled DESC, is_volunteer DESC, tasks_held,
                last_served_at NULLS FIRST, id) AS place
        FROM ranked) AS placed
    WHERE place <= :limit ORDER BY kind DESC, place
    """
)


async def candidates(tx: Transaction, wanted: CandidateSearch) -> list[Candidate]:
    """Up to `limit` people, then as many organisations, the most suitable of each first.

    Whoever takes a break is left out.
    """
    found = await tx.execute(
        _CANDIDATES,
        {
            "community": wanted.community,
            "skill": wanted.skill,
            "among": list(wanted.among),
            "without": list(wanted.without),
            "takers": sorted(TAKERS),
            "limit": wanted.limit,
        },
    )
    return [
        Candidate(
            Taker(kind=row.kind, id=row.id),
            tuple(row.skills),
            row.is_skilled,
            row.is_volunteer,
            row.tasks_held,
            row.last_served_at,
        )
        for row in found
    ]
