"""PostgreSQL and NATS of one data folder, started side by side."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.data_folder import locked_data_folder
from deploy.local.nats import LocalNats
from deploy.local.postgres import LocalPostgres

_WATCH_SECONDS = 0.5


@dataclass(frozen=True)
class LocalServers:
    """Both servers, running."""

    folder: Path
    postgres: LocalPostgres
    nats: LocalNats

    @property
    def postgres_dsn(self) -> str:
        """The superuser's `postgresql://…`."""
        return self.postgres.dsn()

    @property
    def nats_url(self) -> str:
        """`nats://…` with user and password."""
        return self.nats.url

    async def watch(self) -> None:
        """Never return; wait while both live.

        Raises:
            ServerFailed: one of them has ended by itself; shows the last lines of its log.
        """
        while True:
            for child in (self.postgres.child, self.nats.child):
                if child.exit_code is not None:
                    raise child.failure(f"has ended by itself (code {child.exit_code})")
            await asyncio.sleep(_WATCH_SECONDS)


@contextlib.asynccontextmanager
async def local_servers(
    folder: Path, *, durable: bool = True, bus_users: Sequence[Mapping[str, Any]] = ()
) -> AsyncGenerator[LocalServers]:
    """Lock the data folder and run both servers in it, as `servers_in` does.

    Raises:
        FolderInUse: another Jinlin works in this folder.
        ServerFailed: one of them does not start; the other one is stopped again.
    """
    with locked_data_folder(folder) as locked:
        async with servers_in(locked, durable=durable, bus_users=bus_users) as servers:
            yield servers


@contextlib.asynccontextmanager
async def servers_in(
    locked: Path, *, durable: bool = True, bus_users: Sequence[Mapping[str, Any]] = ()
) -> AsyncGenerator[LocalServers]:
    """Start both servers in a data folder whose lock we hold; stop them in the end, NATS first.

    Enter it in a thread that lives until the end: the servers die with that thread.

    Raises:
        ServerFailed: one of them does not start; the other one is stopped again.
    """
    servers = LocalServers(
        locked, LocalPostgres(locked, durable=durable), LocalNats(locked, bus_users)
    )
    try:
        await _start(servers)
        yield servers
    finally:
        await servers.nats.stop()
        await servers.postgres.stop()


async def _start(servers: LocalServers) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(servers.postgres.start())
            group.create_task(servers.nats.start())
    except ExceptionGroup as failed:
        # One sentence for the operator, not a tree: what the first of them says is enough.
        raise failed.exceptions[0] from None
