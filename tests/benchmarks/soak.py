"""`make bench-soak`: everything running, closes over HTTP for minutes, then a backlog.

The five services and the console are processes of their own, as they are deployed. Whoever asks is
one more process, on the same machine.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table

from deploy.services import SERVICES
from shared import clock, ids
from shared.events import RequestClosed, Taker, Work
from tests.benchmarks import measure, plain, report
from tests.benchmarks.driving import ROOT, Order, Part
from tests.benchmarks.measure import Broken, Done, Site, Works, percentile, work
from tests.benchmarks.ours import Ours, OursOverHttp
from tests.support.processes import free_port

RESULTS = ROOT / "build" / "soak.json"
REST_SECONDS = 20
TRIAL_SECONDS = 30
BEHIND_SECONDS = 2
"""A rate is held when everybody is told so soon after the last close was due."""

SAMPLE_SECONDS = 5
SHARE_OF_CAPACITY = 0.8
CHUNK = 5000
DRAIN_SECONDS = 1800
POLL_SECONDS = 2

_BACKLOG = """
    INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body, occurred_at)
    SELECT event_id, $1, $2, $3, entity_id, 6, body, $4
    FROM unnest($5::uuid[], $6::text[], $7::text[]) AS closed (event_id, entity_id, body)
"""
_CLOSE_AS_TOLD = """
    WITH closed AS (
        UPDATE service_request SET status = 'closed', version = 6, closed_at = $1,
            closed_as = 'requester', updated_at = $1
        WHERE id = ANY($2::uuid[]) RETURNING *
    )
    INSERT INTO step (community, request_id, version, cycle, kind, by, at, note)
    SELECT community, id, version, cycle, 'closed', requester_id, $1, '' FROM closed
"""

_DRAINED = {
    "published": ("requests", "outbox", "sent_at"),
    "awarded": ("points", "award", "pg_xact_commit_timestamp(xmin)"),
    "told": ("notify", "notice", "pg_xact_commit_timestamp(xmin)"),
}
_SPAN = """
    SELECT extract(epoch FROM max({at}) - min({at}))::float8 FROM {table} WHERE {at} >= $1
"""


@dataclass(frozen=True)
class Everything:
    """The whole platform at work."""

    parts: Mapping[str, Part]
    works: Works

    def memory(self, site: Site) -> dict[str, float]:
        """Proportional memory (PSS, MB) of every process with its children, by name."""
        roots = {name: part.process for name, part in self.parts.items()}
        roots["postgres"] = psutil.Process(site.servers.postgres.child.pid)
        roots["nats"] = psutil.Process(site.servers.nats.child.pid)
        return {name: _pss(root) / 2**20 for name, root in roots.items()}


def _pss(root: psutil.Process) -> int:
    total = 0
    for one in (root, *root.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:  # a connection of PostgreSQL that has just ended
            continue
    return total


class Soaked(OursOverHttp):
    """Ours over HTTP, with all that a platform has."""

    @classmethod
    async def prepared(cls, site: Site) -> "Soaked":
        """Databases, streams and keys."""
        ours = Ours(SERVICES)
        await ours.prepare(site)
        soaked = cls(ours, "soak", traced=False)
        await soaked.prepare(site)
        return soaked

    @asynccontextmanager
    async def everything(self, site: Site) -> AsyncGenerator[Everything]:
        """Five services, the console and somebody who asks."""
        async with AsyncExitStack() as stack:
            parts = await self.services(stack, site, SERVICES)
            origin = f"http://127.0.0.1:{parts['directory'].port}"
            settings = {"JINLIN_ORIGIN": origin, "JINLIN_PORT": str(free_port())}
            console = site.python("services.console", speaks=False, **settings)
            parts["console"] = await stack.enter_async_context(console)
            closer = await stack.enter_async_context(self.asking(site, parts["requests"]))
            yield Everything(parts, Works(closer, list(parts.values())))


async def sample(everything: Everything, site: Site, most: dict[str, float]) -> None:
    """Keep the most memory of each process in `most`, until cancelled."""
    while True:
        for name, size in everything.memory(site).items():
            most[name] = max(size, most.get(name, 0))
        await asyncio.sleep(SAMPLE_SECONDS)  # between two looks


@dataclass(frozen=True)
class Soaking:
    """Closes at a steady rate: what they took, and what the processes held (PSS, MB)."""

    wanted_per_second: float
    tried_per_second: float
    """What was done of the wanted rate in the trial."""
    per_second: float
    done: Done
    at_rest: dict[str, float]
    most: dict[str, float]

    def milliseconds(self) -> dict[str, list[float]]:
        """Median, 99 of 100, longest."""
        times = {
            "HTTP": self.done.answered,
            "close to award": self.done.awarded,
            "close to notice": self.done.told,
        }
        return {
            name: [1000 * one for one in (percentile(of, 50), percentile(of, 99), max(of))]
            for name, of in times.items()
        }

    def figures(self) -> dict[str, Any]:
        """For the file."""
        return {
            "wanted_per_second": self.wanted_per_second,
            "tried_per_second": self.tried_per_second,
            "per_second": self.per_second,
            "closes": len(self.done.told),
            "milliseconds_p50_p99_longest": self.milliseconds(),
            "cpu_milliseconds": self.done.cpu_milliseconds,
            "memory_at_rest": self.at_rest,
            "memory_most": self.most,
        }


def chunks(number: int) -> Iterable[int]:
    """So many in portions of at most `CHUNK`."""
    return (min(CHUNK, number - begin) for begin in range(0, number, CHUNK))


async def soak(way: Soaked, site: Site, *, per_second: float, seconds: float) -> Soaking:
    """Close at a steady rate for so many seconds. Raises Broken.

    The rate is `per_second`, or four fifths of what was done when that was tried and not held.
    """
    most: dict[str, float] = {}
    async with way.everything(site) as everything:
        await asyncio.sleep(REST_SECONDS)  # the rest is what is measured
        at_rest = everything.memory(site)
        await work(way, site, everything.works, Order(await way.seed(500), measure.AT_ONCE))
        trial = Order(await way.seed(int(per_second * TRIAL_SECONDS)), per_second=per_second)
        took = (await work(way, site, everything.works, trial)).seconds
        done_per_second = len(trial.requests) / took
        held = took <= TRIAL_SECONDS + BEHIND_SECONDS
        rate = per_second if held else SHARE_OF_CAPACITY * done_per_second
        requests = [one for size in chunks(int(rate * seconds)) for one in await way.seed(size)]
        watching = asyncio.create_task(sample(everything, site, most))
        order = Order(requests, per_second=rate)
        done = await work(way, site, everything.works, order, poll_seconds=1)
        watching.cancel()
    await measure.require_invariants(way)
    return Soaking(per_second, done_per_second, rate, done, at_rest, most)


async def drain(way: Soaked, site: Site, events: int) -> dict[str, float]:
    """Events a second from an outbox with so many unsent: published, awarded, told.

    Each from the first to the last of its kind: the start of the services is not counted.
    """
    for size in chunks(events):
        await _add_backlog(way, size)
    wanted = await _ask(way, "notify", "SELECT count(*) FROM notice")
    wanted += measure.NOTICES_OF_A_CLOSE * events
    began = clock.now()
    async with way.everything(site):
        deadline = time.monotonic() + DRAIN_SECONDS
        while await _ask(way, "notify", "SELECT count(*) FROM notice") < wanted:
            if time.monotonic() > deadline:
                raise Broken(f"{events} events were not drained within {DRAIN_SECONDS} s")
            await asyncio.sleep(POLL_SECONDS)  # then it looks again
    await measure.require_invariants(way)
    return {
        what: events / await _ask(way, owner, _SPAN.format(at=at, table=table), began)
        for what, (owner, table, at) in _DRAINED.items()
    }


async def _ask(way: Soaked, owner: str, sql: str, *values: Any) -> Any:
    connection = await asyncpg.connect(way.tables[owner])
    answer = await connection.fetchval(sql, *values)
    await connection.close()
    return answer


async def _add_backlog(way: Soaked, number: int) -> None:
    """Requests that were closed while nothing else ran, their events unsent."""
    requests = await way.seed(number)
    now, taker = clock.now(), plain.TAKERS[0]
    done = Work(taker=Taker(kind="person", id=taker), person_id=taker, service_minutes=60)
    events = [
        RequestClosed(
            event_id=ids.new_id(), community=plain.COMMUNITY, occurred_at=now, version=6,
            request_id=one.request_id, number=f"WH-2026-{one.request_id}", cycle=1,
            category="repair", requester_id=one.requester_id, filed_by=one.requester_id,
            closed_by=one.requester_id, closed_as="requester", work=(done,),
            points_rule="standard",
        )
        for one in requests
    ]  # fmt: skip
    connection = await asyncpg.connect(way.tables["requests"])
    await connection.execute(
        _BACKLOG, plain.COMMUNITY, RequestClosed.type(), events[0].subject, now,
        [one.event_id for one in events], [one.entity_id for one in events],
        [one.model_dump_json() for one in events],
    )  # fmt: skip
    await connection.execute(_CLOSE_AS_TOLD, now, [one.request_id for one in requests])
    await connection.close()


def print_soak(soaked: Soaking, console: Console) -> None:
    """What people waited for, and what the processes held."""
    title = f"{len(soaked.done.told)} closes over HTTP at {soaked.per_second:.0f} a second"
    times = Table("", "p50 ms", "p99 ms", "longest ms", title=title, title_justify="left")
    for name, figures in soaked.milliseconds().items():
        times.add_row(name, *(f"{one:.1f}" for one in figures))
    console.print(times)
    if soaked.per_second < soaked.wanted_per_second:
        console.print(
            f"{soaked.wanted_per_second:.0f} a second were wanted; of them "
            f"{soaked.tried_per_second:.0f} were done here: {SHARE_OF_CAPACITY:.0%} of that."
        )
    title = "memory (PSS, MB)"
    held = Table("process", "at rest", "most under load", title=title, title_justify="left")
    for name, size in soaked.at_rest.items():
        held.add_row(name, f"{size:.0f}", f"{soaked.most[name]:.0f}")
    held.add_row("all", *(f"{sum(one.values()):.0f}" for one in (soaked.at_rest, soaked.most)))
    console.print(held)


async def main() -> None:
    """Soak, drain, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--per-second", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--backlog", type=int, default=100_000)
    chosen = parser.parse_args()
    console, where = Console(width=100), report.machine()
    with tempfile.TemporaryDirectory(prefix="jinlin-soak-") as folder:
        async with measure.site(Path(folder)) as site:
            way = await Soaked.prepared(site)
            soaked = await soak(way, site, per_second=chosen.per_second, seconds=chosen.seconds)
            print_soak(soaked, console)
            drained = await drain(way, site, chosen.backlog)
    for what, rate in drained.items():
        console.print(f"{chosen.backlog} events {what}: {rate:.0f} a second", highlight=False)
    report.write(RESULTS, {"machine": where, "soak": soaked.figures(), "drained": drained})


if __name__ == "__main__":
    asyncio.run(main())
