"""What one round measures, in the same way for every way of doing the work.

CPU is user and system time of every process at work, with all that came from it: PostgreSQL, the
bus, the processes of the way itself; not of whoever only asks over HTTP. A latency begins when the
close was asked for and ends with the commit of the notice, by PostgreSQL's own commit timestamp:
one clock, on one machine, at no cost to any way.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil

from deploy.local.servers import LocalServers, local_servers
from tests.benchmarks import driving, plain
from tests.benchmarks.driving import Asked, Order, Part

AT_ONCE = 8
PER_SECOND = 40
LATE_SECONDS = 20
"""Long before `ack_wait`: what takes longer was delivered a second time."""

NOTICES_OF_A_CLOSE = 2

_COUNT = "SELECT count(*) FROM notice"
_COMMITTED = "SELECT request_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at"
_TIMES = (
    ("points", "award"),
    ("notify", "notice WHERE kind = 'request_closed'"),
    ("notify", "notice WHERE kind = 'points_awarded'"),
)
_INVARIANTS = (
    (
        "requests",
        "closed without its step, or the other way round",
        """
        SELECT count(*) FROM (SELECT id FROM service_request WHERE status = 'closed') AS request
        FULL JOIN (SELECT request_id FROM step WHERE kind = 'closed') AS closing
            ON request_id = id WHERE id IS NULL OR request_id IS NULL
        """,
    ),
    (
        "points",
        "awards without their transfer of 15 points",
        """
        SELECT count(*) FROM award FULL JOIN transfer
            ON award_id = award.id AND credit_account = account_id AND amount = points
        WHERE award.id IS NULL OR transfer.id IS NULL OR points <> 15
        """,
    ),
    (
        "points",
        "ledgers that do not sum to zero",
        """
        SELECT count(*) FROM (SELECT sum(balance) AS total FROM account GROUP BY community)
            AS ledger WHERE total <> 0
        """,
    ),
    (
        "points",
        "balances that are not the sum of their transfers",
        """
        SELECT count(*) FROM account LEFT JOIN (
            SELECT id, sum(amount) AS booked FROM (
                SELECT credit_account AS id, amount FROM transfer
                UNION ALL SELECT debit_account, -amount FROM transfer) AS posting
            GROUP BY id) AS posted USING (id)
        WHERE balance <> coalesce(booked, 0)
        """,
    ),
)
_IDS = {
    "closed": ("requests", "SELECT id FROM service_request WHERE status = 'closed'"),
    "awarded": ("points", "SELECT request_id FROM award"),
    "requesters told": ("notify", "SELECT request_id FROM notice WHERE kind = 'request_closed'"),
    "takers told": ("notify", "SELECT request_id FROM notice WHERE kind = 'points_awarded'"),
}


class Broken(Exception):  # noqa: N818 - a word
    """A way did not do the work, or not once."""


@dataclass(frozen=True)
class Site:
    """The servers that all ways use, and a folder for logs."""

    servers: LocalServers
    folder: Path

    @property
    def postgres_dsn(self) -> str:
        return self.servers.postgres_dsn

    @property
    def nats_url(self) -> str:
        return self.servers.nats_url

    def python(
        self, module: str, *arguments: str, speaks: bool = True, **environment: str
    ) -> AbstractAsyncContextManager[Part]:
        """A child process that runs a module of ours."""
        return driving.child(
            sys.executable, "-m", module, *arguments,
            log=self.folder / f"{module}.log", environment=os.environ | environment, speaks=speaks,
        )  # fmt: skip


@asynccontextmanager
async def site(folder: Path) -> AsyncGenerator[Site]:
    """Both servers as a durable installation has them; PostgreSQL also keeps commit times."""
    async with local_servers(folder) as servers:
        connection = await asyncpg.connect(servers.postgres_dsn)
        await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        await connection.close()
        await servers.postgres.stop()
        await servers.postgres.start()
        yield Site(servers, folder)


@dataclass(frozen=True)
class Works:
    """A way at work: who closes, and the processes whose CPU counts beside the two servers."""

    closer: Part
    parts: Sequence[Part]
    bus: Sequence[Part] = ()
    """A bus of its own, instead of NATS."""


class Way:
    """One way of doing the work."""

    name: str
    tables: Mapping[str, str]
    """The superuser's address of the database that holds the requests, points and notices."""

    async def prepare(self, site: Site) -> None:
        """Make what it needs, once."""
        raise NotImplementedError

    def running(self, site: Site) -> AbstractAsyncContextManager[Works]:
        """Its processes, ready to work; started anew for every round."""
        raise NotImplementedError

    async def seed(self, number: int) -> Sequence[Asked]:
        """So many resolved requests."""
        return await plain.seed(self.tables["requests"], number)

    async def require_nothing_late(self, site: Site) -> None:
        """Raises Broken when a message was delivered twice."""


@dataclass
class Round:
    """What one round of one way has shown."""

    cpu_milliseconds: dict[str, float]
    """By part (postgres, bus, services), of one close, under full load."""
    per_second: float
    latencies: list[float] = field(repr=False)
    """Seconds from asking to the notice, at `PER_SECOND`."""
    cpu_milliseconds_paced: dict[str, float]
    """As above, at `PER_SECOND`: batches are small there."""


async def play(way: Way, site: Site, *, closes: int, paced_seconds: float) -> Round:
    """One round: warm up, as fast as it goes, then at a steady rate. Raises Broken."""
    async with way.running(site) as works:
        await work(way, site, works, Order(await way.seed(closes // 8), AT_ONCE))
        fast = await work(way, site, works, Order(await way.seed(closes), AT_ONCE))
        slow_requests = await way.seed(int(PER_SECOND * paced_seconds))
        slow = await work(way, site, works, Order(slow_requests, per_second=PER_SECOND))
        await way.require_nothing_late(site)
    await require_invariants(way)
    if max(slow.told) > LATE_SECONDS:
        raise Broken(f"{way.name}: a notice came after {max(slow.told):.1f} s")
    return Round(
        cpu_milliseconds=fast.cpu_milliseconds,
        per_second=closes / fast.seconds,
        latencies=slow.told,
        cpu_milliseconds_paced=slow.cpu_milliseconds,
    )


@dataclass(frozen=True)
class Done:
    """What one order took; lists are seconds from asking, one for each close."""

    seconds: float
    """From the first asking to the last notice."""
    answered: list[float]
    awarded: list[float]
    told: list[float]
    cpu_milliseconds: dict[str, float]


async def work(
    way: Way, site: Site, works: Works, order: Order, *, poll_seconds: float = 0.2
) -> Done:
    """Let a way carry out an order, until everybody is told. Raises Broken."""
    notices = await asyncpg.connect(way.tables["notify"])
    try:
        await notices.execute("CHECKPOINT")
        wanted = await notices.fetchval(_COUNT) + NOTICES_OF_A_CLOSE * len(order.requests)
        before = cpu_seconds(site, works)
        times = await works.closer.obey(order)
        deadline = time.monotonic() + driving.PATIENCE_SECONDS
        while await notices.fetchval(_COUNT) < wanted:
            if time.monotonic() > deadline:
                raise Broken(f"{way.name}: not everybody was told")
            await asyncio.sleep(poll_seconds)  # then it looks again
        after = cpu_seconds(site, works)
    finally:
        await notices.close()
    number = len(order.requests)
    asked = {UUID(one): began for one, (began, _) in times.items()}
    awarded, told, taker_told = [await _times(way, *one, asked) for one in _TIMES]
    return Done(
        seconds=max(*told.values(), *taker_told.values()) - min(asked.values()),
        answered=[ended - began for began, ended in times.values()],
        awarded=[at - asked[one] for one, at in awarded.items()],
        told=[at - asked[one] for one, at in told.items()],
        cpu_milliseconds={part: 1000 * (after[part] - before[part]) / number for part in after},
    )


async def _times(
    way: Way, owner: str, table: str, asked: Mapping[UUID, float]
) -> dict[UUID, float]:
    """When the rows of a table were committed (seconds since 1970), by request."""
    connection = await asyncpg.connect(way.tables[owner])
    rows = await connection.fetch(f"{_COMMITTED} FROM {table}")
    await connection.close()
    return {row["request_id"]: row["at"] for row in rows if row["request_id"] in asked}


def cpu_seconds(site: Site, works: Works) -> dict[str, float]:
    """What has been used so far, by part."""
    nats = psutil.Process(site.servers.nats.child.pid)
    bus = [part.process for part in works.bus] or [nats]
    return {
        "postgres": _used([psutil.Process(site.servers.postgres.child.pid)]),
        "bus": _used(bus),
        "services": _used([part.process for part in works.parts]),
    }


def _used(roots: Iterable[psutil.Process]) -> float:
    """CPU of processes, of all that came from them, and of those that have ended since."""
    total = 0.0
    for root in roots:
        for one in (root, *root.children(recursive=True)):
            try:
                total += sum(one.cpu_times()[:4])
            except psutil.NoSuchProcess:  # its parent's children's time holds it now
                continue
    return total


async def require_invariants(way: Way) -> None:
    """One award, one transfer and two notices for each close, balances that fit. Raises Broken."""
    async with AsyncExitStack() as stack:
        tables: dict[str, asyncpg.Connection] = {}
        for owner, url in way.tables.items():
            tables[owner] = await asyncpg.connect(url)
            stack.push_async_callback(tables[owner].close)
        for owner, what, sql in _INVARIANTS:
            if broken := await tables[owner].fetchval(sql):
                raise Broken(f"{way.name}: {broken} {what}")
        found = {
            what: sorted(row[0] for row in await tables[owner].fetch(sql))
            for what, (owner, sql) in _IDS.items()
        }
    if not found["closed"]:
        raise Broken(f"{way.name}: nothing was closed")
    for what, requests in found.items():
        if requests != found["closed"]:
            raise Broken(f"{way.name}: {len(requests)} {what}, {len(found['closed'])} closed")


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
