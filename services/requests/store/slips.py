"""Follow-up slips, and the codes that were tried in vain."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import text

from services.requests.domain import ServiceRequest, Slip
from services.requests.store.requests import request_of
from shared import ids
from shared.database import Transaction
from shared.patience import Attempts

__all__ = ["attempts", "find_slip", "forget_slips", "keep_slip"]

_KEEP = text(
    """
    WITH printed AS (
        INSERT INTO printed_slip (community, id, request_id, version, cycle, printed_by, printed_at)
        VALUES (:community, :id, :request_id, :version, :cycle, :made_by, :made_at)
    )
    INSERT INTO slip (community, request_id, code_hash, made_by, made_at)
    VALUES (:community, :request_id, :code_hash, :made_by, :made_at)
    ON CONFLICT (community, request_id) DO UPDATE SET
        code_hash = excluded.code_hash, made_by = excluded.made_by, made_at = excluded.made_at
    """
)
_FIND = text(
    """
    SELECT request.*, slip.code_hash, slip.made_by, slip.made_at
    FROM slip JOIN service_request AS request
        ON request.community = slip.community AND request.id = slip.request_id
    WHERE slip.code_hash = :code_hash
    """
)
_FORGET = text(
    """
    DELETE FROM slip USING service_request AS request
    WHERE request.community = slip.community AND request.id = slip.request_id
      AND request.status IN ('closed', 'rejected', 'cancelled')
      AND coalesce(request.closed_at, request.updated_at) < :ended_before
    """
)

attempts: Final = Attempts("failed_follow_up")
"""By address, and all together."""


async def keep_slip(tx: Transaction, slip: Slip, request: ServiceRequest) -> None:
    """Store the slip of a request, in the place of the one before, and for good who printed it."""
    here = {"id": ids.new_id(), "version": request.version, "cycle": request.cycle}
    await tx.execute(_KEEP, asdict(slip) | here)


async def find_slip(tx: Transaction, code_hash: bytes) -> tuple[Slip, ServiceRequest] | None:
    """The slip of a code and its request, in whichever community that the transaction sees."""
    row = (await tx.execute(_FIND, {"code_hash": code_hash})).one_or_none()
    if row is None:
        return None
    slip = Slip(row.community, row.id, bytes(row.code_hash), row.made_by, row.made_at)
    return slip, request_of(row)


async def forget_slips(tx: Transaction, *, ended_before: datetime) -> None:
    """Drop the slips of requests that ended before that."""
    await tx.execute(_FORGET, {"ended_before": ended_before})
