"""One process of the floor: `python -m tests.benchmarks.by_hand requests|points|notify`.

Raw asyncpg and nats-py: an outbox whose rows a relay publishes as atomic batches, consumers that
take what a fetch brings, one statement or two for a whole batch, inbox rows, then the acks.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import nats as nats_py
import orjson
from nats.aio.client import Client

from shared import ids
from tests.benchmarks import driving, plain
from tests.benchmarks.driving import Asked

BATCH = 256
RELAY_BATCH = 500

SUBJECTS = {"requests": "floor.requests.closed", "points": "floor.points.awarded"}
DURABLES = {
    "points-closed": "requests",
    "notify-closed": "requests",
    "notify-awarded": "points",
}

_CLOSE = """
    WITH closed AS (
        UPDATE service_request SET status = 'closed', version = version + 1, closed_at = $3,
            updated_at = $3
        WHERE id = $1 AND status = 'resolved' AND requester_id = $2 RETURNING *
    ), stepped AS (
        INSERT INTO step (request_id, version, community, kind, by, at)
        SELECT id, version, community, 'closed', $2, $3 FROM closed
    ), told AS (
        INSERT INTO outbox (event_id, subject, body)
        SELECT $4, $5, json_build_object(
            'event_id', $4::uuid, 'community', community, 'request_id', id, 'number', number,
            'category', category, 'requester_id', requester_id, 'taker_id', taker_id,
            'service_minutes', service_minutes, 'points_rule', points_rule,
            'version', version, 'occurred_at', $3::timestamptz)::text
        FROM closed RETURNING event_id
    )
    SELECT event_id FROM told
"""
_REMEMBER = """
    INSERT INTO inbox (event_id, consumer)
    SELECT event_id, $2 FROM unnest($1::uuid[]) AS event_id ORDER BY event_id
    ON CONFLICT DO NOTHING RETURNING event_id
"""
_LOCK = """
    INSERT INTO account (community, id, owner_kind, owner_id, shard, balance)
    SELECT community, uuidv7(), owner_kind, owner_id, shard, 0
    FROM unnest($1::text[], $2::text[], $3::uuid[], $4::smallint[])
        AS wanted (community, owner_kind, owner_id, shard)
    ORDER BY community, owner_id, shard
    ON CONFLICT (community, owner_id, shard) DO UPDATE SET balance = account.balance
    RETURNING community, owner_id, shard, id
"""
_AWARD = """
    WITH closed AS (
        SELECT *, least(largest_points,
                        points_base + (2 * points_per_hour * service_minutes + 60) / 120) AS points
        FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::uuid[],
                    $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[])
            AS event (community, request_id, taker_id, service_minutes, code, award_id,
                      transfer_id, event_id, holder, issuer)
        JOIN rule USING (community, code)
    ), awarded AS (
        INSERT INTO award (community, id, request_id, taker_id, rule, points, account_id,
                           awarded_at)
        SELECT community, award_id, request_id, taker_id, code, points, holder, $11 FROM closed
        ON CONFLICT (community, request_id, taker_id, rule) DO NOTHING RETURNING id
    ), fresh AS (
        SELECT closed.* FROM closed JOIN awarded ON awarded.id = award_id
    ), booked AS (
        INSERT INTO transfer (community, id, debit_account, credit_account, amount, award_id,
                              occurred_at)
        SELECT community, transfer_id, issuer, holder, points, award_id, $11 FROM fresh
    ), told AS (
        INSERT INTO outbox (event_id, subject, body)
        SELECT event_id, $12, json_build_object(
            'event_id', event_id, 'community', community, 'award_id', award_id,
            'request_id', request_id, 'taker_id', taker_id, 'rule', code, 'points', points,
            'occurred_at', $11::timestamptz)::text FROM fresh
    )
    UPDATE account SET balance = balance + change FROM (
        SELECT id, sum(points) AS change FROM (
            SELECT holder AS id, points FROM fresh
            UNION ALL SELECT issuer, -points FROM fresh) AS side
        GROUP BY id) AS change
    WHERE account.id = change.id
"""
_TELL = """
    WITH new AS (
        INSERT INTO inbox (event_id, consumer)
        SELECT event_id, $2 FROM unnest($1::uuid[]) AS event_id ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING event_id
    )
    INSERT INTO notice (community, request_id, recipient_id, kind, details)
    SELECT community, request_id, recipient_id, $3, details::jsonb
    FROM unnest($1::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[])
        AS told (event_id, community, request_id, recipient_id, details)
    JOIN new USING (event_id) ORDER BY event_id
    ON CONFLICT DO NOTHING
"""
_UNSENT = """
    SELECT event_id, subject, body FROM outbox WHERE sent_at IS NULL ORDER BY position LIMIT $1
"""
_MARK_SENT = "UPDATE outbox SET sent_at = now() WHERE event_id = ANY($1::uuid[])"

type Event = dict[str, Any]
type Handle = Callable[[asyncpg.Connection, Sequence[Event]], Awaitable[None]]


async def close(pool: asyncpg.Pool, asked: Asked, woken: asyncio.Event) -> None:
    """One statement, which is one transaction."""
    closed = await pool.fetchval(
        _CLOSE, asked.request_id, asked.requester_id, datetime.now(UTC), ids.new_id(),
        SUBJECTS["requests"],
    )  # fmt: skip
    assert closed is not None
    woken.set()


async def award(connection: asyncpg.Connection, events: Sequence[Event]) -> None:
    """Inbox, accounts, then award, transfer, balances and outbox at once."""
    new = await _fresh(connection, "points-closed", events)
    if not new:
        return
    owners: set[tuple[str, UUID, int]] = set()
    for one in new:
        one["taker"] = UUID(one["taker_id"])
        one["shard"] = UUID(one["request_id"]).int % plain.ISSUER_SHARDS
        owners.add((one["community"], one["taker"], 0))
        owners.add((one["community"], plain.ISSUER, one["shard"]))
    communities, ids_of_owners, shards = zip(*owners, strict=True)
    kinds = ["issuer" if one == plain.ISSUER else "person" for one in ids_of_owners]
    rows = await connection.fetch(_LOCK, communities, kinds, ids_of_owners, shards)
    accounts = {(row[0], row[1], row[2]): row[3] for row in rows}
    await connection.execute(
        _AWARD,
        [one["community"] for one in new],
        [one["request_id"] for one in new],
        [one["taker"] for one in new],
        [one["service_minutes"] for one in new],
        [one["points_rule"] for one in new],
        [ids.new_id() for _ in new],
        [ids.new_id() for _ in new],
        [ids.new_id() for _ in new],
        [accounts[one["community"], one["taker"], 0] for one in new],
        [accounts[one["community"], plain.ISSUER, one["shard"]] for one in new],
        datetime.now(UTC),
        SUBJECTS["points"],
    )


async def _fresh(
    connection: asyncpg.Connection, consumer: str, events: Sequence[Event]
) -> list[Event]:
    rows = await connection.fetch(_REMEMBER, [one["event_id"] for one in events], consumer)
    new = {str(row[0]) for row in rows}
    return [one for one in events if one["event_id"] in new]


def tell(consumer: str, kind: str, recipient: str) -> Handle:
    """Inbox and notices in one statement."""

    async def handle(connection: asyncpg.Connection, events: Sequence[Event]) -> None:
        details = [{"points": one["points"]} if "points" in one else {} for one in events]
        await connection.execute(
            _TELL,
            [one["event_id"] for one in events],
            consumer,
            kind,
            [one["community"] for one in events],
            [one["request_id"] for one in events],
            [one[recipient] for one in events],
            [orjson.dumps(one).decode() for one in details],
        )

    return handle


async def relay(url: str, nats: Client, woken: asyncio.Event) -> None:
    """Publish what the outbox holds, one atomic batch after the other, and mark it."""
    connection = await asyncpg.connect(url)
    while True:
        woken.clear()
        rows = await connection.fetch(_UNSENT, RELAY_BATCH)
        if not rows:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), 1)
            continue
        batch = ids.new_id().hex
        for number, (event_id, subject, body) in enumerate(rows, start=1):
            headers = {"Nats-Msg-Id": str(event_id)}
            if len(rows) > 1:
                headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            if number < len(rows):
                await nats.publish(subject, body.encode(), headers=headers)
                continue
            if len(rows) > 1:
                headers["Nats-Batch-Commit"] = "1"
            answer = await nats.request(subject, body.encode(), headers=headers, timeout=5)
            assert "error" not in orjson.loads(answer.data), answer.data
        await connection.execute(_MARK_SENT, [row[0] for row in rows])


async def consume(
    pool: asyncpg.Pool, nats: Client, durable: str, handle: Handle, woken: asyncio.Event
) -> None:
    """Work in whatever a fetch brings, in one transaction, wake the relay, then acknowledge."""
    stream = f"FLOOR_{DURABLES[durable].upper()}"
    subscription = await nats.jetstream().pull_subscribe_bind(durable, stream)
    while True:
        try:
            messages = await subscription.fetch(BATCH, timeout=5)
        except TimeoutError:
            continue
        async with pool.acquire() as connection, connection.transaction():
            await handle(connection, [orjson.loads(one.data) for one in messages])
        woken.set()
        for one in messages:
            await one.ack()


async def _nothing(_connection: asyncpg.Connection) -> None:
    """No connection is changed by its use: nothing is to be put back."""


async def main(service: str) -> None:
    """One of the three processes."""
    url = os.environ["DATABASE_URL"]
    nats = await nats_py.connect(os.environ["NATS_URL"])
    async with asyncpg.create_pool(url, min_size=5, max_size=10, reset=_nothing) as pool:
        handlers: dict[str, dict[str, Handle]] = {
            "requests": {},
            "points": {"points-closed": award},
            "notify": {
                "notify-closed": tell("notify-closed", "request_closed", "requester_id"),
                "notify-awarded": tell("notify-awarded", "points_awarded", "taker_id"),
            },
        }
        woken = asyncio.Event()
        tasks = [
            consume(pool, nats, durable, one, woken) for durable, one in handlers[service].items()
        ]
        if service in SUBJECTS:
            tasks.append(relay(url, nats, woken))
        working = asyncio.gather(*tasks)
        if service == "requests":
            obeying = asyncio.ensure_future(driving.obey(lambda asked: close(pool, asked, woken)))
            await asyncio.wait([working, obeying], return_when=asyncio.FIRST_COMPLETED)
        else:
            driving.say("ready")
            await working


if __name__ == "__main__":
    driving.run(main(sys.argv[1]))
