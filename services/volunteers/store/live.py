"""What changed of tasks, and whose business they are, for those who look at them now."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from shared import ids
from shared.database import Transaction
from shared.live import Change

__all__ = ["changed", "concerned"]

_CHANGED = text(
    """
    SELECT community, id, version, updated_at,
           state = 'open' OR (listed AND state NOT IN ('completed', 'closed')) AS is_on_list
    FROM task WHERE community = ANY(:communities) AND updated_at > :since
    ORDER BY updated_at, id
    """
)
"""A task that opens, ends with its request or is offered has no event, so the outbox will not do.
An offer that went to somebody else, and a place that was just taken, change boards as well."""

_CONCERNED = text(
    """
    SELECT id, requester_id, filed_by, offered_id, ARRAY(
        SELECT taker_id FROM assignment
        WHERE assignment.community = task.community AND task_id = task.id
          AND (assignment.state <> 'declined' OR assignment.version = task.version)) AS takers
    FROM task WHERE community = ANY(:communities) AND id = ANY(CAST(:ids AS uuid[]))
    """
)
"""Who gives a place back hears of that, and of nothing after it."""


async def changed(tx: Transaction, communities: Sequence[str], since: datetime) -> list[Change]:
    """The tasks that were stored anew since then, each in its latest version, in that order."""
    values = {"communities": list(communities), "since": since}
    return [
        Change(
            ids.id_of_change(row.updated_at, row.id, row.version),
            row.id,
            row.version,
            row.community,
            row.is_on_list,
        )
        for row in await tx.execute(_CHANGED, values)
    ]


async def concerned(
    tx: Transaction, communities: Sequence[str], task_ids: Sequence[UUID]
) -> Mapping[UUID, AbstractSet[UUID]]:
    """Who asked, filed, is offered or takes each task: people and organisations."""
    values = {"communities": list(communities), "ids": list(task_ids)}
    return {
        row.id: {row.requester_id, row.filed_by, row.offered_id, *row.takers} - {None}
        for row in await tx.execute(_CONCERNED, values)
    }
