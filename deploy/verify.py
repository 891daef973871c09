"""`jinlin verify`: the invariants of `RELIABILITY.md` §1, counted in the databases and on the bus.

It only reads, as the services' application roles, over every community.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from deploy.bus import connected
from deploy.dead_letters import dead_letters
from deploy.invariants import Finding, illegal, miskept, negative, told_twice, unbalanced
from deploy.services import SERVICES
from deploy.where import Whereabouts
from services.points.domain import Rule, Rulebook, Terms
from services.points.domain.rule import RuleUnknown
from shared.database import ALL_COMMUNITIES, Database, Row, Transaction

__all__ = ["Finding", "verify"]

LOOK_SECONDS: Final = 0.5


class AwardKey(NamedTuple):
    """What an award is for: there is never a second one."""

    community: str
    request_id: UUID
    cycle: int
    taker_kind: str
    taker_id: UUID
    rule: str


_CLOSED = text(
    """
    SELECT community, id, cycle, points_rule, closed_at, work
    FROM service_request WHERE status = 'closed'
    """
)
_RULES = text(
    """
    SELECT community, code, version, valid_from, points_base, points_per_hour, largest_points
    FROM rule ORDER BY community, code, version
    """
)
_STANDING = text(
    """
    SELECT community, request_id, cycle, taker_kind, taker_id, rule, count(*)
    FROM award WHERE status = 'standing'
    GROUP BY community, request_id, cycle, taker_kind, taker_id, rule
    """
)
_REQUESTS = text("SELECT community, id FROM service_request")
_ROWS = {
    service: text(
        f"SELECT DISTINCT community, request_id FROM {table} "  # noqa: S608 - our own
        "WHERE request_id IS NOT NULL"  # a notice may be about no request
    )
    for service, table in (("volunteers", "task"), ("points", "award"), ("notify", "notice"))
}
_CLOSINGS_TOLD = text(
    """
    SELECT DISTINCT community, event_id FROM notice WHERE kind = 'request_closed'
    """
)
_CLOSINGS = text(
    """
    SELECT community, event_id FROM outbox WHERE type = 'cn.jinlin.requests.closed.v1'
      AND occurred_at > now() - interval '72 hours'
    """
)


async def verify(where: Whereabouts, *, within_seconds: float = 10) -> list[Finding]:
    """Every invariant; what is still on its way gets `within_seconds` to arrive."""
    deadline = time.monotonic() + within_seconds
    async with _open(where) as look:
        while True:
            findings = [finding async for finding in look()]
            if all(one.holds for one in findings) or time.monotonic() > deadline:
                return findings
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _open(where: Whereabouts) -> AsyncGenerator[Callable[[], AsyncIterator[Finding]]]:
    """Connections to every database and the bus, for looking as often as needed."""
    async with AsyncExitStack() as stack:
        databases: dict[str, Database] = {}
        for service in SERVICES:
            databases[service] = Database(
                where.databases.address(service), connections=1, patient=True
            )
            stack.push_async_callback(databases[service].close)
        nats = await stack.enter_async_context(connected(where))

        async def look() -> AsyncIterator[Finding]:
            async with AsyncExitStack() as reading:
                tx = {
                    service: await reading.enter_async_context(
                        database.transaction(ALL_COMMUNITIES)
                    )
                    for service, database in databases.items()
                }
                yield await illegal(tx["requests"])
                yield await _awards(tx["requests"], tx["points"])
                for check in (unbalanced, miskept, negative):
                    yield await check(tx["points"])
                yield await _told(tx["requests"], tx["notify"])
                yield await told_twice(tx["notify"])
                yield await _of_requests(tx)
                for service in SERVICES:
                    yield await _count(tx[service], f"{service}: outbox empty", "outbox")
                    yield await _count(tx[service], f"{service}: nothing parked", "retry")
            letters = await dead_letters(nats, where.databases)
            unsettled = sum(one.state in {"open", "waiting"} for one in letters)
            yield Finding("every dead letter is settled", len(letters), unsettled)

        yield look


async def _awards(requests: Transaction, ledger: Transaction) -> Finding:
    """Exactly one standing award per closed request, cycle, taker and rule that grants points."""
    rules = Rulebook(_rule(row) for row in await ledger.execute(_RULES))
    expected = set(_expected(await requests.execute(_CLOSED), rules))
    standing: set[AwardKey] = set()
    broken = 0
    for *key, count in await ledger.execute(_STANDING):
        standing.add(AwardKey(*key))
        broken += count - 1
    broken += len(expected ^ standing)
    return Finding("one standing award per close, taker and rule", len(expected), broken)


def _rule(row: Row) -> Rule:
    terms = Terms(row["points_base"], row["points_per_hour"], row["largest_points"])
    return Rule(row["community"], row["code"], row["version"], row["valid_from"], terms)


def _expected(closed: Iterable[Row], rules: Rulebook) -> Iterable[AwardKey]:
    """The awards that the closed requests deserve; one whose rule is unknown is missing."""
    for row in closed:
        community, code = row["community"], row["points_rule"]
        if not code:
            continue
        minutes: Counter[tuple[str, str]] = Counter()
        for one in row["work"]:
            minutes[one["taker"]["kind"], one["taker"]["id"]] += one["service_minutes"]
        terms = _terms(rules, community, code, row["closed_at"])
        for (kind, taker_id), service_minutes in minutes.items():
            if terms is None or terms.points(service_minutes):
                yield AwardKey(community, row["id"], row["cycle"], kind, UUID(taker_id), code)


def _terms(rules: Rulebook, community: str, code: str, at: datetime) -> Terms | None:
    """What the rule granted then; None when the ledger knows no such rule."""
    try:
        return rules.in_force(community, code, at).terms
    except RuleUnknown:
        return None


async def _told(requests: Transaction, notify: Transaction) -> Finding:
    """At least one notice per close (of the last 72 hours: older events make none)."""
    closings = {tuple(row) for row in await requests.execute(_CLOSINGS)}
    told = {tuple(row) for row in await notify.execute(_CLOSINGS_TOLD)}
    return Finding("at least one notice per close", len(closings), len(closings - told))


async def _of_requests(tx: Mapping[str, Transaction]) -> Finding:
    """What others keep of a request is of one that exists, in the same community."""
    named = [await tx[service].execute(rows) for service, rows in _ROWS.items()]
    # Last: what they name has been asked by then, also while more is being asked.
    requests = {tuple(row) for row in await tx["requests"].execute(_REQUESTS)}
    return Finding(
        "tasks, awards and notices are of requests of their community",
        sum(map(len, named)),
        sum(tuple(row) not in requests for rows in named for row in rows),
    )


async def _count(tx: Transaction, name: str, table: str) -> Finding:
    """A table of things on their way, which is empty when all has arrived."""
    unsent = " WHERE sent_at IS NULL" if table == "outbox" else ""
    sql = f"SELECT count(*) FROM {table}{unsent}"  # noqa: S608 - our own names
    waiting = (await tx.execute(text(sql))).scalar_one()
    return Finding(name, waiting, waiting)
