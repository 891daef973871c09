"""Resolved requests that nobody answers: when they close, and whether somebody watches."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from services.requests.domain import ServiceRequest
from services.requests.store.requests import request_of
from shared.database import Transaction

__all__ = ["announce_closing", "load_unanswered", "watch"]

# Of several sweeps each takes others; whoever is just answering a request is not waited for.
_LOAD_UNANSWERED = text(
    """
    SELECT * FROM service_request WHERE status = 'resolved' AND closes_at <= :now
    ORDER BY closes_at LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)
_ANNOUNCE = text(
    """
    UPDATE service_request SET closes_at = :closes_at
    WHERE status = 'resolved' AND closes_at IS NULL
    """
)
_WATCH = text(
    """
    INSERT INTO watch (name, seen_at, rests_until) VALUES ('silence', :now, :now)
    ON CONFLICT (name) DO UPDATE SET
        seen_at = :now,
        rests_until = CASE WHEN watch.seen_at < :gone_before THEN :rests_until
                           ELSE watch.rests_until END
    RETURNING rests_until
    """
)


async def load_unanswered(
    tx: Transaction, *, now: datetime, limit: int
) -> Sequence[ServiceRequest]:
    """Requests to close, for nobody has answered; locked until the transaction ends.

    In whichever communities that the transaction sees.
    """
    rows = await tx.execute(_LOAD_UNANSWERED, {"now": now, "limit": limit})
    return [request_of(row) for row in rows]


async def announce_closing(tx: Transaction, *, closes_at: datetime) -> int:
    """Say when those close that are resolved and have no moment yet; how many they were."""
    return await tx.change(_ANNOUNCE, {"closes_at": closes_at})


async def watch(
    tx: Transaction, *, now: datetime, gone_before: datetime, rests_until: datetime
) -> datetime:
    """Note that somebody watches `now`; until when nothing closes by itself.

    That is `rests_until` if nobody has watched since `gone_before`, else what was noted then.
    """
    values = {"now": now, "gone_before": gone_before, "rests_until": rests_until}
    return (await tx.execute(_WATCH, values)).scalar_one()
