"""`jinlin verify` says so when an invariant is broken, and nothing when all hold."""

import asyncio
from collections.abc import AsyncGenerator

import pytest_asyncio

from shared import ids
from tests.support.jinlin import jinlin
from tests.support.operating import INVARIANTS, Operator, operating


@pytest_asyncio.fixture(scope="module")
async def operator() -> AsyncGenerator[Operator]:
    async with operating() as one:
        yield one


async def test_verify_counts_every_invariant(operator: Operator) -> None:
    broken, table = await asyncio.gather(operator.broken(), operator.types("verify"))
    assert broken == {}
    assert all(name in table for name in INVARIANTS)


async def test_verify_sees_an_award_that_is_gone_and_a_balance_that_is_wrong(
    operator: Operator,
) -> None:
    await operator.asks("points", "UPDATE award SET status = 'reversed'")
    await operator.asks(
        "points", "UPDATE account SET balance = balance + 1 WHERE owner_kind = 'person'"
    )
    broken = await operator.broken(within=0)
    await operator.asks("points", "UPDATE award SET status = 'standing'")
    await operator.asks(
        "points", "UPDATE account SET balance = balance - 1 WHERE owner_kind = 'person'"
    )
    assert broken == {
        "one standing award per close, taker and rule": 1,
        "the ledger of each community sums to zero": 1,
        "each balance is the sum of its transfers": 1,
    }
    assert await operator.broken() == {}


async def test_verify_misses_the_award_of_a_rule_that_nobody_knows(operator: Operator) -> None:
    change = "UPDATE service_request SET points_rule = $2 WHERE points_rule = $1"
    [[rule]] = await operator.asks(
        "requests", "SELECT points_rule FROM service_request WHERE status = 'closed'"
    )
    await operator.asks("requests", change, rule, "unheard-of")
    broken = await operator.broken(within=0)
    await operator.asks("requests", change, "unheard-of", rule)
    # One is missing, and the one that stands is for nothing.
    assert broken == {"one standing award per close, taker and rule": 2}
    assert await operator.broken() == {}


async def test_verify_sees_a_close_without_a_notice_and_an_event_that_waits(
    operator: Operator,
) -> None:
    rename = "UPDATE notice SET kind = $2 WHERE kind = $1"
    await operator.asks("notify", rename, "request_closed", "unseen")
    event_id = ids.new_id()
    # It fits no stream: the relay keeps trying, as with a bus that is full.
    await operator.asks(
        "requests",
        "INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body,"
        " occurred_at) VALUES ($1, 'demo', 'stray', 'stray', 'stray', 1, '{}', now())",
        event_id,
    )
    broken = await operator.broken(within=0)
    answer = await jinlin("verify", "--within", 0, "--data", operator.platform.folder)
    names = "at least one notice per close; requests: outbox empty"
    assert answer.out.splitlines()[-1] == f"2 are broken: {names}."
    await operator.asks("requests", "DELETE FROM outbox WHERE event_id = $1", event_id)
    await operator.asks("notify", rename, "unseen", "request_closed")
    assert broken == {"at least one notice per close": 1, "requests: outbox empty": 1}
    assert await operator.broken() == {}
    assert (await operator.types("verify")).splitlines()[-1] == "All hold."


async def test_verify_sees_a_history_that_cannot_be_and_a_notice_of_no_request(
    operator: Operator,
) -> None:
    change = "UPDATE step SET kind = $2 WHERE kind = $1"
    await operator.asks("requests", change, "registered", "reopened")
    move = "UPDATE notice SET request_id = $2 WHERE request_id = $1"
    [[request]] = await operator.asks(
        "notify", "SELECT request_id FROM notice WHERE request_id IS NOT NULL LIMIT 1"
    )
    stray = ids.new_id()
    await operator.asks("notify", move, request, stray)
    broken = await operator.broken(within=0)
    await operator.asks("notify", move, stray, request)
    await operator.asks("requests", change, "reopened", "registered")
    assert broken == {
        "each history is a legal path to where its request stands": 1,
        "tasks, awards and notices are of requests of their community": 1,
    }
    assert await operator.broken() == {}
