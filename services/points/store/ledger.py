"""The hot path: cycles, awards, transfers and balances, one statement each for a whole batch.

Replicas cannot deadlock: everybody locks cycles first, then accounts, each in the order of its
key. Whoever holds an account never waits for a cycle again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from services.points.domain import Award, Cycle, Owner, OwnerKind, Status, Transfer
from shared import ids
from shared.database import Row, Transaction
from shared.events import Event, Taker
from shared.outbox import TELL, tell

__all__ = [
    "Accounts",
    "add_awards",
    "book",
    "lock_accounts",
    "mark_closed",
    "mark_reopened",
    "mark_reversed",
    "standing_awards",
]

Accounts = Mapping[Owner, UUID]
"""The ids of accounts that this transaction has locked."""


def _mark(reopened: str) -> TextClause:
    """An upsert that makes closing and reopening of a cycle wait for each other."""
    return text(
        f"""
        INSERT INTO settled_cycle (community, request_id, cycle, reopened)
        SELECT community, request_id, cycle, {reopened}
        FROM unnest(CAST(:communities AS text[]), CAST(:request_ids AS uuid[]),
                    CAST(:cycles AS integer[])) AS marked (community, request_id, cycle)
        ORDER BY community, request_id, cycle
        ON CONFLICT (community, request_id, cycle)
        DO UPDATE SET reopened = settled_cycle.reopened OR excluded.reopened
        RETURNING community, request_id, cycle, reopened
        """  # noqa: S608 - true or false
    )


_MARK_CLOSED = _mark("false")
_MARK_REOPENED = _mark("true")
_LOCK_ACCOUNTS = text(
    """
    INSERT INTO account (community, id, owner_kind, owner_id, shard, balance, awarded, reversed)
    SELECT community, id, owner_kind, owner_id, shard, 0, 0, 0
    FROM unnest(CAST(:communities AS text[]), CAST(:ids AS uuid[]), CAST(:kinds AS text[]),
                CAST(:owner_ids AS uuid[]), CAST(:shards AS smallint[]))
        AS wanted (community, id, owner_kind, owner_id, shard)
    ORDER BY community, owner_kind, owner_id, shard
    ON CONFLICT (community, owner_kind, owner_id, shard)
    DO UPDATE SET balance = account.balance
    RETURNING community, owner_kind, owner_id, shard, id
    """
)
_ADD_AWARDS = text(
    """
    INSERT INTO award (community, id, request_id, cycle, taker_kind, taker_id, rule, rule_version,
                       points, service_minutes, status, account_id, awarded_at)
    SELECT * FROM unnest(
        CAST(:communities AS text[]), CAST(:ids AS uuid[]), CAST(:request_ids AS uuid[]),
        CAST(:cycles AS integer[]), CAST(:taker_kinds AS text[]), CAST(:taker_ids AS uuid[]),
        CAST(:rules AS text[]), CAST(:rule_versions AS integer[]), CAST(:points AS integer[]),
        CAST(:service_minutes AS integer[]), CAST(:statuses AS text[]),
        CAST(:account_ids AS uuid[]), CAST(:times AS timestamptz[]))
        AS new (community, id, request_id, cycle, taker_kind, taker_id, rule)
    ORDER BY community, request_id, cycle, taker_kind, taker_id, rule
    ON CONFLICT (community, request_id, cycle, taker_kind, taker_id, rule) DO NOTHING
    RETURNING id
    """
)
_STANDING_AWARDS = text(
    """
    SELECT award.* FROM award
    JOIN unnest(CAST(:communities AS text[]), CAST(:request_ids AS uuid[]),
                CAST(:cycles AS integer[])) AS undone (community, request_id, cycle)
        USING (community, request_id, cycle)
    WHERE award.status = 'standing'
    """
)
_MARK_REVERSED = text(
    """
    UPDATE award SET status = 'reversed'
    FROM unnest(CAST(:communities AS text[]), CAST(:ids AS uuid[])) AS taken_back (community, id)
    WHERE award.community = taken_back.community AND award.id = taken_back.id
    """
)
_BOOK = text(
    f"""
    WITH booked AS (
        INSERT INTO transfer (community, id, debit_account, credit_account, amount, kind, award_id,
                              occurred_at)
        SELECT * FROM unnest(
            CAST(:communities AS text[]), CAST(:ids AS uuid[]), CAST(:debits AS uuid[]),
            CAST(:credits AS uuid[]), CAST(:amounts AS integer[]), CAST(:kinds AS text[]),
            CAST(:award_ids AS uuid[]), CAST(:times AS timestamptz[]))
        RETURNING community, debit_account, credit_account, amount, kind
    ), change AS (
        SELECT community, id, sum(points) AS balance,
               coalesce(sum(amount) FILTER (WHERE kind = 'award'), 0) AS awarded,
               coalesce(sum(amount) FILTER (WHERE kind = 'reversal'), 0) AS reversed
        FROM (SELECT community, credit_account AS id, amount AS points, amount, kind FROM booked
              UNION ALL
              SELECT community, debit_account, -amount, amount, kind FROM booked) AS side
        GROUP BY community, id
    ), moved AS (
        UPDATE account SET balance = account.balance + change.balance,
            awarded = account.awarded + change.awarded,
            reversed = account.reversed + change.reversed
        FROM change WHERE account.community = change.community AND account.id = change.id
    ), {TELL}
    """  # noqa: S608 - a constant
)


async def mark_closed(tx: Transaction, cycles: Iterable[Cycle]) -> set[Cycle]:
    """Note that `cycles` are settled, before anything else; those that were reopened already.

    A reopening under way in another transaction is waited for, and one that comes later waits.
    """
    rows = await tx.execute(_MARK_CLOSED, _cycles(cycles))
    return {Cycle(row.community, row.request_id, row.cycle) for row in rows if row.reopened}


async def mark_reopened(tx: Transaction, cycles: Iterable[Cycle]) -> None:
    """Note that `cycles` are undone: what a later closing awards is taken back at once."""
    await tx.execute(_MARK_REOPENED, _cycles(cycles))


async def lock_accounts(tx: Transaction, owners: Iterable[Owner]) -> Accounts:
    """Lock the owners' accounts until the transaction ends; who has none gets one."""
    wanted = sorted(set(owners))
    rows = await tx.execute(
        _LOCK_ACCOUNTS,
        {
            "communities": [one.community for one in wanted],
            "ids": [ids.new_id() for _ in wanted],
            "kinds": [one.kind for one in wanted],
            "owner_ids": [one.id for one in wanted],
            "shards": [one.shard for one in wanted],
        },
    )
    return {
        Owner(row.community, OwnerKind(row.owner_kind), row.owner_id, row.shard): row.id
        for row in rows
    }


async def add_awards(
    tx: Transaction, awards: Sequence[Award], accounts: Accounts
) -> frozenset[UUID]:
    """Insert the awards whose key is new; their ids."""
    rows = await tx.execute(
        _ADD_AWARDS,
        {
            "communities": [one.cycle.community for one in awards],
            "ids": [one.id for one in awards],
            "request_ids": [one.cycle.request_id for one in awards],
            "cycles": [one.cycle.number for one in awards],
            "taker_kinds": [one.taker.kind for one in awards],
            "taker_ids": [one.taker.id for one in awards],
            "rules": [one.rule for one in awards],
            "rule_versions": [one.rule_version for one in awards],
            "points": [one.points for one in awards],
            "service_minutes": [one.service_minutes for one in awards],
            "statuses": [one.status for one in awards],
            "account_ids": [accounts[one.holder] for one in awards],
            "times": [one.awarded_at for one in awards],
        },
    )
    return frozenset(rows.scalars())


async def standing_awards(tx: Transaction, cycles: Iterable[Cycle]) -> list[Award]:
    """The awards of `cycles` that stand; the caller has marked the cycles."""
    rows = await tx.execute(_STANDING_AWARDS, _cycles(cycles))
    return [_award(row) for row in rows]


async def mark_reversed(tx: Transaction, awards: Sequence[Award]) -> None:
    """Keep that `awards` stand no longer."""
    values = {
        "communities": [one.cycle.community for one in awards],
        "ids": [one.id for one in awards],
    }
    await tx.execute(_MARK_REVERSED, values)


async def book(
    tx: Transaction,
    transfers: Sequence[Transfer],
    accounts: Accounts,
    events: Sequence[Event],
) -> None:
    """Insert `transfers`, move the balances and tell of it; the caller has locked the accounts."""
    await tell(
        tx,
        _BOOK,
        events,
        {
            "communities": [one.debit.community for one in transfers],
            "ids": [one.id for one in transfers],
            "debits": [accounts[one.debit] for one in transfers],
            "credits": [accounts[one.credit] for one in transfers],
            "amounts": [one.amount for one in transfers],
            "kinds": [one.kind for one in transfers],
            "award_ids": [one.award_id for one in transfers],
            "times": [one.occurred_at for one in transfers],
        },
    )


def _cycles(cycles: Iterable[Cycle]) -> dict[str, Any]:
    """Each cycle once: a statement cannot change the same row twice."""
    once = sorted(set(cycles))
    return {
        "communities": [one.community for one in once],
        "request_ids": [one.request_id for one in once],
        "cycles": [one.number for one in once],
    }


def _award(row: Row) -> Award:
    return Award(
        id=row["id"],
        cycle=Cycle(row["community"], row["request_id"], row["cycle"]),
        taker=Taker(kind=row["taker_kind"], id=row["taker_id"]),
        rule=row["rule"],
        rule_version=row["rule_version"],
        points=row["points"],
        service_minutes=row["service_minutes"],
        status=Status(row["status"]),
        awarded_at=row["awarded_at"],
    )
