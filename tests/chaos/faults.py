"""How each kind of fault is done. A fault that met nothing to break raises `NotHit`."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import psutil
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from deploy import services
from deploy.bus import republish
from shared.chaos import PLAN
from shared.topology import provision
from tests.chaos import connections, failing, messages
from tests.chaos.bus import on_bus
from tests.chaos.cluster import KILLED, LIMITS, Cluster
from tests.chaos.schedule import Fault, Kind
from tests.chaos.workload import Workload

__all__ = ["Faults", "NotHit"]

CRASH_SECONDS: Final = 120
FULL_BYTES: Final = 4096

_ALONE_WITH: Final = {
    Kind.EXHAUST: ("postgres", "requests"),
    Kind.REORDER: ("nats", "requests"),
    Kind.FULL_STREAM: ("nats", "points"),
    Kind.DUPLICATE: ("nats",),
    Kind.RETELL: ("nats",),
    Kind.POISON: ("nats",),
    Kind.FAIL: ("nats", "points", "postgres"),
    Kind.LOSE_CONSUMER: ("nats",),
    Kind.LOSE_STREAM: ("nats",),
}
"""What a kind needs beside or instead of what it strikes."""


class NotHit(AssertionError):  # noqa: N818 - a sentence of the report
    """The fault had no effect: the run would prove less than it says."""


class Faults:
    """Strikes a cluster at work; counts what really hit."""

    def __init__(self, cluster: Cluster, workload: Workload) -> None:
        """Take the cluster, and the workload that some faults wait for."""
        self.cluster = cluster
        self.hits: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.poisons: dict[str, frozenset[str]] = {}
        """The poison messages by their ids, and the consumers that must bury each."""
        self._workload = workload
        self._began_at = datetime.now(UTC)
        self._locks = {name: asyncio.Lock() for name in (*services.SERVICES, "nats", "postgres")}
        self._ways = {
            Kind.KILL_SERVICE: self._kill_service,
            Kind.CRASH_POINT: self._crash_at_point,
            Kind.KILL_NATS: self._kill_server,
            Kind.KILL_POSTGRES: self._kill_server,
            Kind.PAUSE: self._pause,
            Kind.PARTITION: self._disturb_link,
            Kind.STALL: self._disturb_link,
            Kind.SLOW: self._disturb_link,
            Kind.DUPLICATE: self._duplicate,
            Kind.RETELL: self._tell_anew,
            Kind.FAIL: self._fail_handler,
            Kind.REORDER: self._reorder,
            Kind.POISON: self._poison,
            Kind.LOSE_CONSUMER: self._lose_consumer,
            Kind.LOSE_STREAM: self._lose_stream,
            Kind.FULL_STREAM: self._fill_streams,
            Kind.EXHAUST: self._exhaust_connections,
        }

    async def strike(self, fault: Fault) -> None:
        """Do it, and undo it. Raises NotHit."""
        async with self.alone_with(*_needs(fault)):
            await self._ways[fault.kind](fault)
        self.hits[fault.kind] += 1

    @asynccontextmanager
    async def alone_with(self, *names: str) -> AsyncGenerator[None]:
        """Nobody else touches these servers and services meanwhile."""
        async with AsyncExitStack() as stack:
            for name in sorted(names):
                await stack.enter_async_context(self._locks[name])
            yield

    async def _kill_service(self, fault: Fault) -> None:
        replica = self.cluster.replicas[fault.target]
        _require(await replica.killed(), "it was dead before")
        await replica.restart()

    async def _crash_at_point(self, fault: Fault) -> None:
        service, point = fault.target.split()
        replica = self.cluster.replicas[service]
        await replica.killed()
        replica.start(**{PLAN: f"{point}:{1 + fault.number % 3}"})
        try:
            await replica.child.ended(seconds=CRASH_SECONDS)
            said = replica.child.log_text()
            _require(replica.child.exit_code == KILLED and "killed at" in said, "never reached")
            self.points[point] += 1
        finally:
            await replica.killed()
            await replica.restart()

    async def _kill_server(self, fault: Fault) -> None:
        servers = self.cluster.servers
        server = servers.nats if fault.kind is Kind.KILL_NATS else servers.postgres
        server.child.kill()
        await server.child.ended(seconds=10)
        _require(server.child.exit_code == KILLED, "it was dead before")
        await asyncio.sleep(fault.seconds)  # the outage
        await server.start()

    async def _pause(self, fault: Fault) -> None:
        """A zombie: another replica takes over its events; what it does late must count nothing."""
        replica = self.cluster.replicas[fault.target]
        twin = self.cluster.replica(fault.target, f"{fault.target}-twin")
        try:
            await twin.restart()
            os.killpg(replica.child.pid, signal.SIGSTOP)
            await asyncio.sleep(fault.seconds)  # longer than ack_wait
            status = psutil.Process(replica.child.pid).status()
            os.killpg(replica.child.pid, signal.SIGCONT)
            _require(status == psutil.STATUS_STOPPED, f"it was {status}")
        finally:
            await twin.killed()

    async def _disturb_link(self, fault: Fault) -> None:
        service, server = fault.target.split()
        proxy = self.cluster.proxies[service, server]
        if fault.kind is Kind.PARTITION:
            proxy.cut()
        elif fault.kind is Kind.STALL:
            proxy.stall()
        else:
            proxy.slow(0.1)
        try:
            await asyncio.sleep(fault.seconds)  # the disturbance
            await self._workload.met(proxy)
        finally:
            # What a stalled network held back arrives late, or never: every second time.
            proxy.heal(reset=fault.kind is Kind.STALL and fault.number % 2 == 0)

    async def _duplicate(self, fault: Fault) -> None:
        copies = await on_bus(
            self.cluster, lambda nats: messages.publish_again(nats, fault.target, fault.number)
        )
        _require(copies > 0, "the stream dropped the copies")

    async def _tell_anew(self, fault: Fault) -> None:
        """The same close as another event: only the key of its award knows it again."""
        await on_bus(self.cluster, lambda nats: messages.publish_as_new(nats, fault.number))

    async def _fail_handler(self, _fault: Fault) -> None:
        """What fails is set aside and comes again in its time: the bus does not turn in a loop."""
        before, closed = await failing.deliveries(self.cluster), self._workload.journal.closed
        async with failing.failing_points(self.cluster.where.databases) as points:
            await self._workload.closes(10)
            if not await failing.set_aside_again(points):
                often = await failing.deliveries(self.cluster) - before
                events = self._workload.journal.closed - closed
                self._workload.violations.append(
                    f"what failed was not set aside: {often} deliveries of {events} events"
                )

    async def _reorder(self, fault: Fault) -> None:
        """Events that wait in the outbox come to the bus newest first."""
        proxy = self.cluster.proxies[fault.target, "nats"]
        proxy.cut()
        try:
            await self._workload.closes(6)
            rows = await messages.unsent(self.cluster, fault.target)
            _require(len(rows) > 1, "nothing waited")
            await on_bus(self.cluster, lambda nats: messages.publish_reversed(nats, rows))
        finally:
            proxy.heal()

    async def _poison(self, fault: Fault) -> None:
        poison_id = f"{messages.POISON}{fault.number}"
        self.poisons[poison_id] = await on_bus(
            self.cluster, lambda nats: messages.publish_poison(nats, fault.target, poison_id)
        )

    async def _lose_consumer(self, fault: Fault) -> None:
        stream = {one.durable: one.stream for one in services.consumer_specs()}[fault.target]

        async def lose(nats: Client) -> None:
            try:
                await nats.jetstream().delete_consumer(stream, fault.target)
            except NotFoundError:  # a try before this one did it
                return

        await on_bus(self.cluster, lose)
        await on_bus(self.cluster, self._provision)

    async def _lose_stream(self, fault: Fault) -> None:
        """The operator makes it anew and lets the services tell everything again."""

        async def lose(nats: Client) -> None:
            try:
                await nats.jetstream().delete_stream(fault.target)
            except NotFoundError:  # a try before this one did it
                return

        await on_bus(self.cluster, lose)
        await on_bus(self.cluster, self._provision)
        folder = self.cluster.servers.folder
        self.cluster.where.write(folder)
        await republish(folder, since=self._began_at, service=fault.target.lower())

    async def _fill_streams(self, _fault: Fault) -> None:
        """No stream takes anything more, while a consumer has not had all there is."""
        # Cut off, not paused: a paused one would find all it had asked for in its socket.
        link = self.cluster.proxies["points", "nats"]
        link.cut()
        try:
            await self._workload.closes(10)

            async def fill(nats: Client) -> int:
                await provision(nats, (), replace(LIMITS, stream_bytes=FULL_BYTES))
                return (await nats.jetstream().stream_info("REQUESTS")).config.max_bytes or 0

            _require(await on_bus(self.cluster, fill) == FULL_BYTES, "it has room")
            await self._workload.closes(10)
            await on_bus(self.cluster, self._provision)
        finally:
            link.heal()

    async def _exhaust_connections(self, fault: Fault) -> None:
        """All connections of the service's role are taken: quick refusals, then all is well."""
        async with connections.all_taken(self.cluster.where.databases, fault.target):
            answers = await self._workload.refusals()
            _require(answers > 0, "every call was answered")

    async def _provision(self, nats: Client) -> None:
        await provision(nats, services.consumer_specs(), LIMITS)


def _needs(fault: Fault) -> set[str]:
    """What no other fault may touch meanwhile."""
    known = _ALONE_WITH.get(fault.kind)
    return {*known} if known is not None else {fault.target.split()[0]}


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotHit(otherwise)
