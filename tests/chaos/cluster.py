"""The platform of a chaos run: real processes on loopback, each in a process group of its own.

Every service reaches PostgreSQL and NATS through a proxy of its own. Nothing outlives the run:
servers and services get a parent-death signal, and are known by pid, port and server name, so that
an orphan of another run is never mistaken for one of ours.
"""

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil

from deploy import services
from deploy.bus import connected
from deploy.databases import Databases, create_databases, migrate
from deploy.local.processes import Child, ServerFailed
from deploy.local.servers import LocalServers, local_servers
from deploy.where import Whereabouts, roles
from shared.chaos import PLAN
from shared.topology import Limits, provision
from tests.chaos.launch import MUTANT
from tests.chaos.proxy import Proxy
from tests.chaos.schedule import ACK_WAIT_SECONDS
from tests.support.platform import eventually
from tests.support.processes import free_port

__all__ = ["KILLED", "LIMITS", "OPERATOR", "ROOT", "Cluster", "Replica", "cluster_in"]

ROOT: Final = Path(__file__).parent.parent.parent
OPERATOR: Final = ("operator", "a long password for the tests")
LIMITS: Final = Limits(
    stream_bytes=256 * 1024**2, ack_wait_seconds=ACK_WAIT_SECONDS, duplicate_window_seconds=2
)
READY_SECONDS: Final = 180
KILLED: Final = -signal.SIGKILL


@dataclass
class Replica:
    """One process of a service; it is started anew on another port each time."""

    service: str
    environment: Callable[[], Mapping[str, str]]
    folder: Path
    log: Path
    port: int = 0
    is_wanted: bool = False
    """Whether it should live: one that dies nevertheless died by itself."""
    _child: Child | None = None

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None
        return self._child

    @property
    def died_by_itself(self) -> bool:
        """Whether it is gone though nobody has killed it."""
        return self.is_wanted and self.child.exit_code is not None

    def start(self, **extra: str) -> None:
        """Start it; `until_ready` waits for it."""
        self.port = free_port()
        self._child = Child(
            [sys.executable, "-m", "tests.chaos.launch", self.service],
            folder=self.folder,
            log=self.log,
            death_signal=signal.SIGKILL,
            environment={**self.environment(), "JINLIN_PORT": str(self.port), **extra},
        )
        self.is_wanted = PLAN not in extra

    async def until_ready(self, *, seconds: float = READY_SECONDS) -> None:
        """Return when this very process answers that all its parts are well."""
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                if self.child.exit_code is not None:
                    raise self.child.failure(f"({self.service}) ended by itself")
                try:
                    answer = await client.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5)
                except httpx.TransportError:
                    return False
                return answer.is_success

            await eventually(ready, seconds=seconds)
        listening = psutil.Process(self.child.pid).net_connections("tcp4")
        if self.port not in {one.laddr.port for one in listening}:
            raise ServerFailed(f"another process answers on the port of {self.service}")

    async def killed(self) -> bool:
        """Kill it (SIGKILL); whether it lived until then."""
        self.is_wanted = False
        self.child.kill()
        await self.child.ended(seconds=10)
        return self.child.exit_code == KILLED

    async def restart(self) -> None:
        """Start it again, and wait until it is ready."""
        self.start()
        await self.until_ready()


@dataclass
class Cluster:
    """The running platform and the handles of its faults."""

    folder: Path
    servers: LocalServers
    mutant: str
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {role: secrets.token_hex(8) for role in roles()}
    )
    proxies: dict[tuple[str, str], Proxy] = field(default_factory=dict)
    """By service and `nats` or `postgres`."""
    replicas: dict[str, Replica] = field(default_factory=dict)

    @property
    def where(self) -> Whereabouts:
        """The servers themselves, past every proxy."""
        databases = Databases(self.servers.postgres_dsn, self.passwords)
        return Whereabouts(databases, self.servers.nats_url)

    async def provision(self) -> None:
        """Make or mend streams and consumers, as the operator does."""
        async with connected(self.where) as nats:
            await provision(nats, services.consumer_specs(), LIMITS)

    def replica(self, service: str, name: str = "") -> Replica:
        """A process of a service that is not started yet."""
        name = name or service
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return Replica(
            service, lambda: self._environment(service), folder, self.folder / f"{name}.log"
        )

    async def until_ready(self) -> None:
        """Return when every service is ready."""
        await asyncio.gather(*(one.until_ready() for one in self.replicas.values()))

    def ask_for_stacks(self) -> None:
        """Let every service write its stacks into its log (`faulthandler`)."""
        for one in self.replicas.values():
            psutil.Process(one.child.pid).send_signal(signal.SIGUSR1)

    def _environment(self, service: str) -> dict[str, str]:
        where = self.where
        postgres = self.proxies[service, "postgres"].port
        database = where.databases.url(service).set(port=postgres)
        server, _, port = where.nats_url.rpartition(":")
        assert port.isdecimal()
        return {
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "JINLIN_DATABASE_URL": database.render_as_string(hide_password=False),
            "JINLIN_NATS_URL": f"{server}:{self.proxies[service, 'nats'].port}",
            "JINLIN_ACK_WAIT_SECONDS": str(LIMITS.ack_wait_seconds),
            "JINLIN_OPERATOR_NAME": OPERATOR[0],
            "JINLIN_OPERATOR_PASSWORD": OPERATOR[1],
            MUTANT: self.mutant,
        }


@asynccontextmanager
async def cluster_in(folder: Path, *, mutant: str | None = None) -> AsyncGenerator[Cluster]:
    """Servers, databases, streams and five services in `folder`; all killed in the end."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(local_servers(folder / "data"))
        cluster = Cluster(folder, servers, mutant or "")
        ports = {
            "nats": lambda: int(servers.nats_url.rpartition(":")[2]),
            "postgres": lambda: servers.postgres.port,
        }
        databases = cluster.where.databases
        await create_databases(databases, services.SERVICES)
        for service in services.SERVICES:
            await migrate(databases, service)
            for server, port in ports.items():
                proxy = await stack.enter_async_context(Proxy(port))
                cluster.proxies[service, server] = proxy
        await cluster.provision()
        for service in services.SERVICES:
            cluster.replicas[service] = cluster.replica(service)
            cluster.replicas[service].start()
            stack.push_async_callback(cluster.replicas[service].killed)
        await cluster.until_ready()
        yield cluster
