"""Invariants that one database can count by itself: all cases, and those that break it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from shared.database import Transaction

__all__ = [
    "Finding",
    "illegal",
    "miskept",
    "negative",
    "told_twice",
    "unbalanced",
]

TASK_STEPS: Final = "claimed|declined|started|completed"
PATH: Final = {
    "": "submitted",
    "submitted": "registered|rejected|cancelled|resolved",
    "registered": "listed|dispatched|rejected|cancelled",
    "listed": f"dispatched|cancelled|{TASK_STEPS}",
    "dispatched": f"listed|dispatched|cancelled|{TASK_STEPS}",
    "claimed": f"cancelled|{TASK_STEPS}",
    "declined": f"listed|dispatched|rejected|cancelled|{TASK_STEPS}",
    "started": f"cancelled|{TASK_STEPS}",
    "completed": "verified|reworked|closed",
    "resolved": "closed",
    "verified": "verified|reworked|closed",
    "reworked": f"cancelled|{TASK_STEPS}",
    "closed": "rated|reopened",
    "rated": "reopened",
    "reopened": f"listed|dispatched|rejected|cancelled|{TASK_STEPS}",
}
"""Which steps may follow which in the history of a request (`DOMAIN.md` §6)."""

NOTED: Final = "noted"
"""The step that moves nothing: it has a version of its own, and stands anywhere on the path."""


@dataclass(frozen=True)
class Finding:
    """One invariant: how many cases were looked at, and how many break it."""

    name: str
    counted: int
    broken: int

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return self.broken == 0


def _sum(name: str, sql: str) -> Callable[[Transaction], Awaitable[Finding]]:
    """An invariant that one query counts: all cases, and those that break it."""
    statement = text(sql)

    async def check(tx: Transaction) -> Finding:
        counted, broken = (await tx.execute(statement)).one()
        return Finding(name, counted, broken)

    return check


unbalanced = _sum(
    "the ledger of each community sums to zero",
    """
    SELECT count(*), count(*) FILTER (WHERE total <> 0)
    FROM (SELECT sum(balance) AS total FROM account GROUP BY community) AS ledger
    """,
)
miskept = _sum(
    "each balance is the sum of its transfers",
    """
    SELECT count(*), count(*) FILTER (WHERE balance <> coalesce(booked, 0))
    FROM account LEFT JOIN (
        SELECT community, id, sum(amount) AS booked FROM (
            SELECT community, credit_account AS id, amount FROM transfer
            UNION ALL
            SELECT community, debit_account, -amount FROM transfer) AS posting
        GROUP BY community, id) AS posted USING (community, id)
    """,
)
negative = _sum(
    "nobody's balance is below zero",
    """
    SELECT count(*), count(*) FILTER (WHERE balance < 0)
    FROM account WHERE owner_kind <> 'issuer'
    """,
)
told_twice = _sum(
    "at most one notice per event, recipient and channel",
    """
    SELECT count(*), count(*) FILTER (WHERE notices > 1) FROM (
        SELECT count(*) AS notices FROM notice
        GROUP BY community, event_id, recipient_id, channel) AS told
    """,
)
illegal = _sum(
    "each history is a legal path to where its request stands",
    f"""
    WITH legal (before, kind) AS (
        VALUES {
        ", ".join(
            f"('{before}', '{kind}')" for before, kinds in PATH.items() for kind in kinds.split("|")
        )
    }
    ), path AS (
        SELECT community, request_id, kind, cycle,
               lag(kind, 1, '') OVER steps AS before, lag(cycle, 1, 1) OVER steps AS cycle_before
        FROM step WHERE kind <> '{NOTED}'
        WINDOW steps AS (PARTITION BY community, request_id ORDER BY version)
    ), moves AS (
        SELECT community, request_id AS id,
               bool_and((before, kind) IN (SELECT * FROM legal)
                        AND cycle = cycle_before + CAST(kind = 'reopened' AS int)) AS are_legal
        FROM path GROUP BY community, request_id
    ), history AS (
        SELECT community, request_id AS id, max(version) AS version, max(cycle) AS cycle
        FROM step GROUP BY community, request_id)
    SELECT count(*), count(*) FILTER (
        WHERE (are_legal AND history.version = request.version
               AND history.cycle = request.cycle) IS NOT TRUE)
    FROM service_request AS request
        LEFT JOIN moves USING (community, id) LEFT JOIN history USING (community, id)
    """,  # noqa: S608 - made of the words above
)
