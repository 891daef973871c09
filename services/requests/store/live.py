"""Whose business requests are, for those who look at them now."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import text

from shared.database import Transaction

__all__ = ["concerned"]

_CONCERNED = text(
    """
    SELECT id, requester_id, filed_by, handler_ids FROM service_request
    WHERE community = ANY(:communities) AND id = ANY(CAST(:ids AS uuid[]))
    """
)


async def concerned(
    tx: Transaction, communities: Sequence[str], request_ids: Sequence[UUID]
) -> Mapping[UUID, AbstractSet[UUID]]:
    """Who asked, filed or handles each request."""
    values = {"communities": list(communities), "ids": list(request_ids)}
    return {
        row.id: {row.requester_id, row.filed_by, *row.handler_ids}
        for row in await tx.execute(_CONCERNED, values)
    }
