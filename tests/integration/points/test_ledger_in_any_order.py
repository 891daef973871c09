"""The ledger under load, duplicates, every order and two replicas at once: it ends the same."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import TextClause

from services.points import actions
from shared import clock, ids
from shared.database import Database, Rows, Transaction
from shared.events import (
    RequestClosed,
    RequestReopened,
    Taker,
    Work,
)
from tests.support.platform import Platform, eventually

BATCH = 256
fresh_slug = (f"ledger-{number}-{ids.new_id().hex[-8:]}" for number in itertools.count())


@dataclass
class Ledger:
    """One community's ledger, worked on directly, as the consumers of two replicas would."""

    platform: Platform
    database: Database
    community: str

    async def do(self, action: Callable[..., Awaitable[None]], events: Sequence[Any]) -> None:
        async with self.database.transaction(self.community) as tx:
            await action(tx, events)

    async def work_in(self, events: Sequence[RequestClosed | RequestReopened]) -> None:
        """In the order given, in batches of neighbours of one kind."""
        for contract, group in itertools.groupby(events, key=type):
            action = actions.award if contract is RequestClosed else actions.reverse
            for batch in itertools.batched(group, BATCH, strict=False):
                await self.do(action, batch)

    async def rows(self, sql: str) -> list[Any]:
        values = {"community": self.community} if ":community" in sql else {}
        return await self.platform.rows("points", sql, **values)

    async def state(self) -> dict[str, list[Any]]:
        """All that must not depend on the order: everything but ids and times."""
        return {
            "accounts": await self.rows(
                "SELECT owner_kind, owner_id, shard, balance, awarded, reversed FROM account "
                "WHERE community = :community ORDER BY 1, 2, 3"
            ),
            "awards": await self.rows(
                "SELECT request_id, cycle, taker_kind, taker_id, rule, points, status FROM award "
                "WHERE community = :community ORDER BY 1, 2, 3, 4, 5"
            ),
            "transfers": await self.rows(
                "SELECT request_id, cycle, taker_id, kind, amount FROM transfer "
                "JOIN award USING (community) "
                "WHERE community = :community AND award.id = award_id ORDER BY 1, 2, 3, 4"
            ),
            "told": await self.rows(
                "SELECT CAST(body AS json) ->> 'request_id', CAST(body AS json) ->> 'cycle', "
                "CAST(body AS json) #>> '{taker,id}', version, type FROM outbox "
                "WHERE community = :community ORDER BY 1, 2, 3, 4"
            ),
        }

    async def check_balances(self) -> None:
        """Every kept balance is the sum of its transfers, and the whole is zero."""
        wrong = await self.rows(
            """
            SELECT account.id FROM account
            LEFT JOIN transfer ON transfer.community = account.community
                 AND account.id IN (debit_account, credit_account)
            WHERE account.community = :community
            GROUP BY account.community, account.id
            HAVING balance <> coalesce(sum(
                CASE WHEN credit_account = account.id THEN amount ELSE -amount END), 0)
               OR awarded <> coalesce(sum(amount) FILTER (WHERE kind = 'award'), 0)
               OR reversed <> coalesce(sum(amount) FILTER (WHERE kind = 'reversal'), 0)
            """
        )
        assert wrong == []
        ((total,),) = await self.rows(
            "SELECT sum(balance) FROM account WHERE community = :community"
        )
        assert total == 0


@pytest_asyncio.fixture(scope="module")
async def database(platform: Platform) -> AsyncIterator[Database]:
    await platform.app("points")
    running = Database(platform.databases.address("points"), connections=4)
    yield running
    await running.close()


async def opened(platform: Platform, database: Database) -> Ledger:
    ledger = Ledger(platform, database, next(fresh_slug))
    await ledger.do(actions.open_ledgers, [ledger.community])
    return ledger


@pytest_asyncio.fixture
async def ledger(platform: Platform, database: Database) -> Ledger:
    return await opened(platform, database)


def asked(community: str, request_id: UUID, cycle: int) -> dict[str, Any]:
    return {
        "event_id": ids.new_id(), "community": community, "occurred_at": clock.now(),
        "version": 10 * cycle, "request_id": request_id, "number": "WH-1", "cycle": cycle,
        "category": "repair", "requester_id": UUID(int=1), "filed_by": UUID(int=1),
    }  # fmt: skip


def closed(
    community: str, request_id: UUID, takers: Sequence[Taker], *, cycle: int = 1, minutes: int = 60
) -> RequestClosed:
    work = tuple(
        Work(taker=one, person_id=one.id, service_minutes=minutes + place)
        for place, one in enumerate(takers)
    )
    return RequestClosed(
        **asked(community, request_id, cycle),
        closed_by=UUID(int=1), closed_as="requester", work=work, points_rule="standard",
    )  # fmt: skip


def reopened(community: str, request_id: UUID, *, cycle: int = 1) -> RequestReopened:
    """The reopening that undoes the closing of `cycle`."""
    return RequestReopened(**asked(community, request_id, cycle + 1), place_id=UUID(int=2), work=())


def again[E: RequestClosed | RequestReopened](event: E) -> E:
    return event.model_copy(update={"event_id": ids.new_id()})


def people(count: int) -> list[Taker]:
    kinds = ("person", "organisation")
    return [Taker(kind=kinds[number % 5 == 0], id=ids.new_id()) for number in range(count)]


def a_busy_day(community: str) -> tuple[list[RequestClosed], list[RequestReopened]]:
    """1000 closings by 40 takers, a fifth with two takers, a quarter reopened, half of those
    closed again; everything now and then twice."""
    chance, takers = Random(7), people(40)
    closings: list[RequestClosed] = []
    reopenings: list[RequestReopened] = []
    while len(closings) < 1000:
        request_id = ids.new_id()
        by = chance.sample(takers, 2 if chance.random() < 0.2 else 1)
        closings.append(closed(community, request_id, by, minutes=chance.randrange(0, 500)))
        if chance.random() < 0.25:
            reopenings.append(reopened(community, request_id))
            if chance.random() < 0.5:
                closings.append(closed(community, request_id, by, cycle=2))
    closings += [again(one) for one in chance.sample(closings, 150)]
    reopenings += [again(one) for one in chance.sample(reopenings, 40)]
    return closings, reopenings


async def test_a_thousand_closings_on_two_replicas_with_reversals_before_and_after(
    ledger: Ledger,
) -> None:
    closings, reopenings = a_busy_day(ledger.community)
    shares: list[list[Any]] = []
    for number in range(2):
        events = [*closings, *reopenings]
        Random(number).shuffle(events)
        shares += [
            [one for one in events if type(one) is kind]
            for kind in (RequestClosed, RequestReopened)
        ]

    async def consumer(events: list[Any]) -> None:
        for batch in itertools.batched(events, 100, strict=False):
            await ledger.work_in(batch)

    # Closings and reopenings of two replicas, all four at once, each event worked in by both.
    await asyncio.gather(*(consumer(one) for one in shares))
    await ledger.check_balances()
    undone = {(one.request_id, one.closed_cycle) for one in reopenings}
    expected = {
        (one.request_id, one.cycle, work.taker.id): (
            "reversed" if (one.request_id, one.cycle) in undone else "standing"
        )
        for one in closings
        for work in one.work
    }
    state = await ledger.state()
    assert {(row[0], row[1], row[3]): row.status for row in state["awards"]} == expected
    assert len(state["awards"]) == len(expected)
    taken_back = list(expected.values()).count("reversed")
    assert len(state["transfers"]) == len(state["told"]) == len(expected) + taken_back


async def test_a_batch_takes_five_statements_whatever_its_size(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    takers = people(20)
    batch = [closed(ledger.community, ids.new_id(), takers[:2]) for _ in range(BATCH)]
    undo = [reopened(ledger.community, one.request_id) for one in batch]
    statements: list[str] = []

    async def count(transaction: Transaction, statement: TextClause, *values: Any) -> Rows:
        if asyncio.current_task() is ours:  # others work on the same platform
            statements.append(statement.text)
        return await execute(transaction, statement, *values)

    ours, execute = asyncio.current_task(), Transaction.execute
    monkeypatch.setattr(Transaction, "execute", count)
    await ledger.do(actions.award, batch)
    awarding = len(statements)
    await ledger.do(actions.reverse, undo)
    # The consumer adds its inbox as the sixth.
    assert (awarding, len(statements) - awarding) == (5, 5)


async def test_a_closing_and_its_reopening_at_the_same_moment(ledger: Ledger) -> None:
    """Neither sees the other's transaction at first; the cycle's row makes one wait."""
    for _ in range(20):
        one = closed(ledger.community, ids.new_id(), people(1))
        await asyncio.gather(
            ledger.work_in([one]), ledger.work_in([reopened(ledger.community, one.request_id)])
        )
    await ledger.check_balances()
    assert {row.status for row in (await ledger.state())["awards"]} == {"reversed"}


async def test_a_reopening_waits_for_the_closing_under_way(ledger: Ledger) -> None:
    one = closed(ledger.community, ids.new_id(), people(1))
    undo = reopened(ledger.community, one.request_id)
    async with ledger.database.transaction(ledger.community) as tx:
        await actions.award(tx, [one])
        second = asyncio.create_task(ledger.work_in([undo]))
        await eventually(lambda: ledger.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
        assert not second.done()
    await second
    (award,) = (await ledger.state())["awards"]
    assert award.status == "reversed"


async def test_nobody_can_change_the_ledger(platform: Platform, ledger: Ledger) -> None:
    await ledger.work_in([closed(ledger.community, ids.new_id(), people(1))])
    rights = await platform.rows(
        "points",
        "SELECT has_table_privilege('transfer', 'UPDATE'), "
        "has_table_privilege('transfer', 'DELETE'), has_table_privilege('rule', 'UPDATE'), "
        "has_table_privilege('account', 'DELETE'), has_table_privilege('award', 'DELETE')",
    )
    assert not any(rights[0])


story = st.permutations(
    # Cycle 1 closed by two takers, reopened, cycle 2 closed and reopened, cycle 3 closed; twice.
    [(kind, cycle) for kind, cycle in (("c", 1), ("r", 1), ("c", 2), ("r", 2), ("c", 3))] * 2
)


@given(order=story, cuts=st.sets(st.integers(1, 9)))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_every_order_ends_the_same(
    platform: Platform, database: Database, order: list[tuple[str, int]], cuts: set[int]
) -> None:
    ledger = await opened(platform, database)
    request_id, takers = UUID(int=5), [Taker(kind="person", id=UUID(int=n)) for n in (8, 9)]
    events = [
        closed(ledger.community, request_id, takers, cycle=cycle)
        if kind == "c"
        else reopened(ledger.community, request_id, cycle=cycle)
        for kind, cycle in order
    ]
    for first, last in itertools.pairwise(sorted({0, *cuts, len(events)})):
        await ledger.work_in(events[first:last])
    await ledger.check_balances()
    state = await ledger.state()
    assert [(row.cycle, row.status) for row in state["awards"]] == [
        *[(1, "reversed")] * 2, *[(2, "reversed")] * 2, *[(3, "standing")] * 2,
    ]  # fmt: skip
    held = [(row.balance, row.awarded, row.reversed) for row in state["accounts"][-2:]]
    assert held == [(15, 45, 30), (15, 45, 30)]
    assert len(state["transfers"]) == len(state["told"]) == 10
