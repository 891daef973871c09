"""Everything in one process (`DESIGN.md` §2): servers, databases, services, console, one port."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nats as nats_py
import structlog
import uvicorn

from deploy import services
from deploy.databases import Databases, create_databases, keep_partitions, migrate
from deploy.foreseen import Foreseen
from deploy.local.data_folder import kept_secret, locked_data_folder, private_folder
from deploy.local.origin import OneOrigin
from deploy.local.processes import ServerFailed
from deploy.local.servers import LocalServers, servers_in
from deploy.where import PlatformSettings, Whereabouts, roles
from shared.process import Server
from shared.topology import Limits, provision

__all__ = [
    "PortInUse",
    "RunningPlatform",
    "databases_of",
    "platform_on",
    "running_platform",
    "watch",
]

log = structlog.get_logger()

OPERATOR: Final = "operator"
DAY_SECONDS: Final = 24 * 3600
READY_SECONDS: Final = 30


class PortInUse(Foreseen):
    """Another program listens on the port; the message says what to do."""


@dataclass(frozen=True)
class RunningPlatform:
    """A platform that answers."""

    folder: Path
    origin: str
    operator_name: str
    operator_password: str
    whereabouts: Whereabouts
    servers: LocalServers


@asynccontextmanager
async def running_platform(
    folder: Path, *, port: int = 0, limits: Limits | None = None
) -> AsyncGenerator[RunningPlatform]:
    """Start everything in `folder`, and stop it in reverse; port 0 takes a free one.

    Raises FolderInUse, ServerFailed and PortInUse, each with a sentence for the operator.
    """
    # The folder's lock comes first: of a second start on both, the folder is what to say.
    with locked_data_folder(folder) as locked, _listening(port) as listener:
        Whereabouts.forget(locked)  # of a killed run
        async with _importing() as imported, servers_in(locked) as servers:
            await create_databases(databases_of(servers), services.SERVICES)
            await imported
            async with platform_on(servers, listener, limits or Limits()) as platform:
                yield platform


@asynccontextmanager
async def platform_on(
    servers: LocalServers, listener: socket.socket, limits: Limits
) -> AsyncGenerator[RunningPlatform]:
    """Services and console on running servers with databases, for as long as this lasts."""
    databases = databases_of(servers)
    for service in services.SERVICES:  # in turn: Alembic's context is one per process
        await _migrated(databases, service)
    await _provision(servers, limits)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    whereabouts = Whereabouts(databases, servers.nats_url, origin)
    password = kept_secret(private_folder(servers.folder / "secrets") / OPERATOR)
    async with _serving(listener, _front(whereabouts, password)):
        whereabouts.write(servers.folder)
        try:
            yield RunningPlatform(servers.folder, origin, OPERATOR, password, whereabouts, servers)
        finally:
            Whereabouts.forget(servers.folder)


async def watch(platform: RunningPlatform) -> None:
    """Never return; keep the partitions meanwhile. Raises ServerFailed: a server has ended."""
    keeping = asyncio.create_task(_keep_partitions(platform.whereabouts.databases))
    try:
        await platform.servers.watch()
    finally:
        keeping.cancel()


def _listening(port: int) -> socket.socket:
    """A socket on loopback. Raises PortInUse."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()  # from now on nobody else can: two may bind a port that none listens on
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {port} is taken by another program; choose one with PORT= or --port."
        ) from error
    return listener


@asynccontextmanager
async def _importing() -> AsyncGenerator[asyncio.Task[None]]:
    """Load the code while the servers start: both take about a second."""
    importing = asyncio.create_task(asyncio.to_thread(_import_services))
    try:
        yield importing
    finally:
        importing.cancel()
        with suppress(asyncio.CancelledError):
            await importing


def _import_services() -> None:
    for service in services.SERVICES:
        services.definition(service)


def databases_of(servers: LocalServers) -> Databases:
    """The databases of this folder; their passwords are made at the first start and kept."""
    folder = private_folder(servers.folder / "secrets")
    return Databases(servers.postgres_dsn, {role: kept_secret(folder / role) for role in roles()})


async def _migrated(databases: Databases, service: str) -> None:
    if not await migrate(databases, service):
        await keep_partitions(databases, service)


async def _keep_partitions(databases: Databases) -> None:
    """Once a day, for as long as the platform runs; what fails is done the day after."""
    while True:
        await asyncio.sleep(DAY_SECONDS)
        for service in services.SERVICES:
            try:
                await keep_partitions(databases, service)
            except Exception as error:  # noqa: BLE001 - it must go on tomorrow
                log.warning("partitions.failed", service=service, error=repr(error))


async def _provision(servers: LocalServers, limits: Limits) -> None:
    nats = await nats_py.connect(servers.nats_url)
    try:
        await provision(nats, services.consumer_specs(), limits)
    finally:
        await nats.close()


def _front(whereabouts: Whereabouts, operator_password: str) -> OneOrigin:
    """The services and the console, wired to the servers of this folder."""
    shared = {
        "nats_url": whereabouts.nats_url,
        "otlp_endpoint": PlatformSettings().otlp_endpoint,
    }
    apps = {
        service: services.create_app(service)(
            services.settings(
                service,
                database_url=whereabouts.databases.address(service),
                **shared,
                **_own_settings(service, operator_password),
            )
        )
        for service in services.SERVICES
    }
    return OneOrigin(apps, services.console(whereabouts.origin or ""))


def _own_settings(service: str, operator_password: str) -> dict[str, str]:
    if service == "directory":
        return {"operator_name": OPERATOR, "operator_password": operator_password}
    return {}


@asynccontextmanager
async def _serving(listener: socket.socket, origin: OneOrigin) -> AsyncGenerator[None]:
    """Answer on `listener`; on leaving, finish what is under way within two seconds."""
    config = uvicorn.Config(
        origin, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    server = _QuietServer(config, origin.stop)
    async with origin.running():
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                if serving.done():
                    serving.result()
                await asyncio.sleep(0.01)
            await _ready(origin)
            yield
        finally:
            server.should_exit = True
            await serving


async def _ready(origin: OneOrigin) -> None:
    """Return when every service is ready. Raises ServerFailed after half a minute."""
    ready: dict[str, bool] = {}
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not (ready and all(ready.values())):
                await asyncio.sleep(0.02)
                ready = await origin.readiness()
    except TimeoutError:
        missing = ", ".join(name for name, is_ready in ready.items() if not is_ready)
        raise ServerFailed(f"Not ready after {READY_SECONDS} s: {missing}.") from None


class _QuietServer(Server):
    """A server that leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are ours: Ctrl-C stops services and servers in order."""
        yield
