"""What must hold at a checkpoint: all has arrived (liveness), and then every invariant."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from sqlalchemy import text

from deploy import services
from deploy.bus import connected
from deploy.verify import verify
from deploy.where import Whereabouts
from shared.database import ALL_COMMUNITIES, Database, Transaction
from shared.topology import DEAD_LETTERS
from tests.chaos.cluster import Cluster
from tests.chaos.oracle import Journal, broken_promises

__all__ = ["LIVENESS_SECONDS", "violations"]

LIVENESS_SECONDS: Final = 60
LOOK_SECONDS: Final = 0.3

_WAITING: Final = {
    "outbox": text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"),
    "retry": text("SELECT count(*) FROM retry"),
}
_WALLED: Final = text(
    """
    SELECT DISTINCT columns.table_name
    FROM information_schema.columns JOIN pg_class ON relname = columns.table_name
    WHERE table_schema = 'public' AND column_name = 'community' AND relkind IN ('r', 'p')
    """
)


async def violations(
    cluster: Cluster, journal: Journal, poisons: Mapping[str, frozenset[str]]
) -> list[str]:
    """A sentence for each thing that does not hold; nobody is at work and no fault in force."""
    left = await _left_after(cluster, LIVENESS_SECONDS)
    if left:
        cluster.ask_for_stacks()
        return [f"not within {LIVENESS_SECONDS} s: {one}" for one in left]
    found = [
        f"{one.name}: {one.broken} of {one.counted}"
        for one in await verify(cluster.where, within_seconds=10)
        # What was meant to be buried is counted below, one by one.
        if not one.holds and "dead letter" not in one.name
    ]
    found += await _unkept(cluster.where, journal)
    async with connected(cluster.where) as nats:
        found += [one async for one in _letters(nats, poisons)]
    for service in services.SERVICES:
        found += await _seen_through_the_wall(cluster.where, service)
    return found


async def _left_after(cluster: Cluster, seconds: float) -> list[str]:
    """What is still on its way after so many seconds, or nothing as soon as that is so."""
    deadline = time.monotonic() + seconds
    async with AsyncExitStack() as stack:
        databases: dict[str, Database] = {}
        for service in services.SERVICES:
            databases[service] = _database(cluster.where, service)
            stack.push_async_callback(databases[service].close)
        nats = await stack.enter_async_context(connected(cluster.where))
        while True:
            left = [one async for one in _on_its_way(databases, nats)]
            if not left or time.monotonic() > deadline:
                return left
            await asyncio.sleep(LOOK_SECONDS)  # then it looks again


async def _on_its_way(databases: Mapping[str, Database], nats: Client) -> AsyncIterator[str]:
    for service, database in databases.items():
        async with database.transaction(ALL_COMMUNITIES) as tx:
            for table, count in _WAITING.items():
                waiting = (await tx.execute(count)).scalar_one()
                if waiting:
                    yield f"{waiting} in the {table} of {service}"
    for spec in services.consumer_specs():
        try:
            info = await nats.jetstream().consumer_info(spec.stream, spec.durable, timeout=2)
        except (NatsError, TimeoutError) as error:
            yield f"{spec.durable}: {error}"
        else:
            waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
            if waiting:
                yield f"{waiting} before {spec.durable}"


async def _unkept(where: Whereabouts, journal: Journal) -> list[str]:
    """The promises of the journal that were not kept."""
    async with AsyncExitStack() as stack:
        opened: list[Transaction] = []
        for service in ("requests", "volunteers"):
            database = _database(where, service)
            stack.push_async_callback(database.close)
            opened.append(await stack.enter_async_context(database.transaction(ALL_COMMUNITIES)))
        return [one async for one in broken_promises(journal, *opened)]


async def _letters(nats: Client, poisons: Mapping[str, frozenset[str]]) -> AsyncIterator[str]:
    """Every poison is a dead letter of each of its consumers, and nothing else is one."""
    wanted = {(name, consumer) for name, consumers in poisons.items() for consumer in consumers}
    buried: set[tuple[str, str]] = set()
    sequence = 1
    while True:
        try:
            letter = await nats.jetstream().get_msg(
                DEAD_LETTERS, sequence, subject="dlq.>", next=True
            )
        except NotFoundError:
            break
        sequence = (letter.seq or 0) + 1
        headers = letter.headers or {}
        place = (headers.get("ce-id", ""), headers.get("jinlin-consumer", ""))
        if place in wanted:
            buried.add(place)
        else:
            yield f"a dead letter that nobody sent: {place} {headers.get('jinlin-reason')}"
    for name, consumer in sorted(wanted - buried):
        yield f"{consumer} has not buried {name}"


async def _seen_through_the_wall(where: Whereabouts, service: str) -> Sequence[str]:
    """The rows that a transaction sees which names no community, or another one."""
    seen: list[str] = []
    database = _database(where, service)
    try:
        for communities in ((), ("elsewhere",)):
            async with database.transaction(*communities) as tx:
                tables = (await tx.execute(_WALLED)).scalars()
                seen += [
                    f"{service}.{table} is open to {communities or 'nobody'}"
                    for table in tables
                    if await tx.execute(text(f"SELECT 1 FROM {table} LIMIT 1"))
                ]
    finally:
        await database.close()
    return seen


def _database(where: Whereabouts, service: str) -> Database:
    return Database(where.databases.address(service), connections=1, patient=True)
