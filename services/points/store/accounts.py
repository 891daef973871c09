"""Reading accounts: kept balances, statements, the totals of a community."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from services.points.domain import Account, Owner, Totals
from shared.database import Transaction

__all__ = ["Line", "account", "statement", "totals"]

_ACCOUNT = text(
    """
    SELECT id, balance, awarded, reversed FROM account
    WHERE community = :community AND owner_kind = :kind AND owner_id = :owner_id AND shard = 0
    """
)
_STATEMENT = text(
    """
    SELECT line.id, line.kind, line.points, award.request_id, award.cycle, award.rule, line.at
    FROM (
        (SELECT id, kind, amount AS points, award_id, occurred_at AS at FROM transfer
         WHERE community = :community AND credit_account = :account AND kind = 'award'
           AND (CAST(:after AS uuid) IS NULL OR id < :after)
         ORDER BY id DESC LIMIT :limit + 1)
        UNION ALL
        (SELECT id, kind, -amount, award_id, occurred_at FROM transfer
         WHERE community = :community AND debit_account = :account AND kind = 'reversal'
           AND (CAST(:after AS uuid) IS NULL OR id < :after)
         ORDER BY id DESC LIMIT :limit + 1)
    ) AS line
    JOIN award ON award.community = :community AND award.id = line.award_id
    ORDER BY line.id DESC LIMIT :limit + 1
    """
)
_TOTALS = text(
    """
    SELECT coalesce(sum(awarded), 0) AS issued, coalesce(-sum(balance), 0) AS held,
           coalesce(sum(reversed), 0) AS reversed
    FROM account WHERE community = :community AND owner_kind = 'issuer'
    """
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement; `points` are negative when they were taken back."""

    id: UUID
    kind: str
    points: int
    request_id: UUID
    cycle: int
    rule: str
    at: datetime


async def account(tx: Transaction, owner: Owner) -> Account | None:
    """A person's or an organisation's account; None: nothing was booked for them so far."""
    rows = await tx.execute(
        _ACCOUNT, {"community": owner.community, "kind": owner.kind, "owner_id": owner.id}
    )
    row = rows.one_or_none()
    return Account(owner, **row) if row else None


async def statement(tx: Transaction, of: Account, *, after: UUID | None, limit: int) -> list[Line]:
    """What was booked, newest first; one more than `limit` when there are more."""
    rows = await tx.execute(
        _STATEMENT,
        {"community": of.owner.community, "account": of.id, "after": after, "limit": limit},
    )
    return [Line(**row) for row in rows]


async def totals(tx: Transaction, community: str) -> Totals:
    """The sums of the issuer's rows: eight to read, however many transfers there are."""
    row = (await tx.execute(_TOTALS, {"community": community})).one()
    return Totals(int(row.issued), int(row.held), int(row.reversed))
