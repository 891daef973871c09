"""Hours of service: written once, when somebody completes; points never touch them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from services.volunteers.domain import Assignment, Task
from shared.database import Transaction
from shared.events import Taker

__all__ = ["ServiceRecord", "record", "records", "total_minutes"]


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """What somebody did for one task."""

    id: UUID
    taker: Taker
    task_id: UUID
    request_id: UUID
    cycle: int
    service_minutes: int
    completed_at: datetime


_RECORD = text(
    """
    INSERT INTO service_record (community, id, person_id, taker_kind, taker_id, task_id,
                                task_version, request_id, cycle, service_minutes, completed_at)
    VALUES (:community, :id, :person_id, :taker_kind, :taker_id, :task_id, :task_version,
            :request_id, :cycle, :service_minutes, :completed_at)
    """
)
# Rejected work does not count: rework moves the assignment on from the version that was recorded.
_COUNTING = """
    FROM service_record AS record
    JOIN assignment USING (community, task_id, taker_kind, taker_id)
    WHERE community = :community AND record.person_id = :person_id
      AND assignment.version = record.task_version AND assignment.state = 'completed'
"""
_RECORDS = text(
    f"""
    SELECT id, taker_kind, taker_id, task_id, request_id, cycle, record.service_minutes,
           record.completed_at
    {_COUNTING} AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit + 1
    """
)
_TOTAL = text(f"SELECT coalesce(sum(record.service_minutes), 0) {_COUNTING}")


async def record(tx: Transaction, record_id: UUID, task: Task, done: Assignment) -> None:
    """Write down what a taker has just completed."""
    await tx.execute(
        _RECORD,
        {
            "community": task.community,
            "id": record_id,
            "person_id": done.person_id,
            "taker_kind": done.taker.kind,
            "taker_id": done.taker.id,
            "task_id": task.id,
            "task_version": done.version,
            "request_id": task.request_id,
            "cycle": task.cycle,
            "service_minutes": done.service_minutes,
            "completed_at": done.completed_at,
        },
    )


async def records(
    tx: Transaction, community: str, person_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[ServiceRecord]:
    """A person's records that count, newest first; one more than `limit` when there are more."""
    rows = await tx.execute(
        _RECORDS,
        {"community": community, "person_id": person_id, "after": after, "limit": limit},
    )
    return [
        ServiceRecord(
            row.id,
            Taker(kind=row.taker_kind, id=row.taker_id),
            row.task_id,
            row.request_id,
            row.cycle,
            row.service_minutes,
            row.completed_at,
        )
        for row in rows
    ]


async def total_minutes(tx: Transaction, community: str, person_id: UUID) -> int:
    """All the service minutes of a person that count."""
    rows = await tx.execute(_TOTAL, {"community": community, "person_id": person_id})
    return int(rows.scalar_one())
