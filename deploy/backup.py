"""Backup and restore: PostgreSQL's own dumps of the five databases, and a manifest beside them.

Each dump is one consistent moment of its database; `jinlin reconcile` brings moments that differ
together, from the events. The streams are not backed up: they are a transport that the outboxes
refill. Roles are not either: their passwords belong to the servers.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy.engine import make_url

from deploy.databases import Databases, create_databases, keep_partitions, migrate
from deploy.foreseen import Foreseen
from deploy.local.binaries import postgres_install
from deploy.local.processes import ServerFailed
from deploy.where import Whereabouts

__all__ = ["BackupFailed", "back_up", "manifest_of", "restore"]

MANIFEST: Final = "manifest.json"
FORGOTTEN: Final = ("refresh_token", "invitation")
"""Restored sign-ins and one-time codes could be used a second time: people sign in anew."""

Told = Callable[[str], None]


class BackupFailed(Foreseen):
    """A dump could not be made or put back; says what to do."""


async def back_up(where: Whereabouts, folder: Path, services: Sequence[str], told: Told) -> None:
    """Dump `services` into `folder`, which must not hold a backup; the manifest comes last.

    Those that hear come before those that tell, so that a dump knows of what an earlier one has
    heard even if the streams are lost. Raises BackupFailed.
    """
    _make(folder)
    manifest: dict[str, Any] = {"made_at": datetime.now(UTC).isoformat(), "revisions": {}}
    for number, service in enumerate(reversed(services), start=1):
        told(f"{number}/{len(services)} {service} …")
        manifest["revisions"][service] = await _revision(where.databases, service)
        file = folder / f"{service}.dump"
        file.touch(mode=0o600)  # before there is anything in it
        await _run(
            where.databases, service, "pg_dump", "--format=custom", f"--file={file}",
            *(f"--exclude-table-data={one}" for one in FORGOTTEN),
        )  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def _make(folder: Path) -> None:
    if (folder / MANIFEST).exists():
        raise BackupFailed(f"{folder} holds a backup already: choose another folder.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises BackupFailed for a folder without a whole backup."""
    try:
        return json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        raise BackupFailed(f"{folder} holds no whole backup: {MANIFEST} is missing.") from None


async def restore(
    where: Whereabouts, folder: Path, services: Sequence[str], *, over: bool, told: Told
) -> None:
    """Put the databases of `services` back as they were, each whole or not at all.

    `over`: replace what is there. Raises BackupFailed, also while a service still runs.
    """
    revisions = manifest_of(folder)["revisions"]
    if missing := sorted(set(services) - set(revisions)):
        raise BackupFailed(f"The backup has no {', '.join(missing)}.")
    server = await asyncpg.connect(where.databases.server)
    try:
        present = {row[0] for row in await server.fetch("SELECT datname FROM pg_database")}
        if not over and (there := sorted(present & set(services))):
            raise BackupFailed(
                f"There are databases already: {', '.join(there)}. Add --over to replace them."
            )
        await _require_stopped(server, services)
        for number, service in enumerate(services, start=1):
            told(f"{number}/{len(services)} {service} …")
            async with _replaced(server, where.databases, service):
                file = folder / f"{service}.dump"
                await _run(
                    where.databases, service, "pg_restore", "--exit-on-error",
                    f"--dbname={service}", str(file),
                )  # fmt: skip
                await migrate(where.databases, service)
            await keep_partitions(where.databases, service)
    finally:
        await server.close()


async def _require_stopped(server: asyncpg.Connection, services: Sequence[str]) -> None:
    """A database that is put back under a running service would be two truths at once."""
    busy = await server.fetch(
        "SELECT DISTINCT datname FROM pg_stat_activity "  # and no autovacuum
        "WHERE datname = ANY($1) AND backend_type = 'client backend' ORDER BY 1",
        list(services),
    )
    if busy:
        names = ", ".join(row[0] for row in busy)
        raise BackupFailed(f"Stop the services first; these databases are in use: {names}.")


@asynccontextmanager
async def _replaced(
    server: asyncpg.Connection, databases: Databases, service: str
) -> AsyncGenerator[None]:
    """An empty database in the place of a service's own, which comes back if anything fails."""
    before = f"{service}_before"
    if await server.fetchval("SELECT true FROM pg_database WHERE datname = $1", service):
        await server.execute(f"DROP DATABASE IF EXISTS {before} WITH (FORCE)")
        await server.execute(f"ALTER DATABASE {service} RENAME TO {before}")
    try:
        await create_databases(databases, [service])
        yield
    except BaseException:
        await server.execute(f"DROP DATABASE IF EXISTS {service} WITH (FORCE)")
        if await server.fetchval("SELECT true FROM pg_database WHERE datname = $1", before):
            await server.execute(f"ALTER DATABASE {before} RENAME TO {service}")
        raise
    await server.execute(f"DROP DATABASE IF EXISTS {before} WITH (FORCE)")


async def _revision(databases: Databases, service: str) -> str:
    connection = await asyncpg.connect(databases.address(service).replace("+asyncpg", ""))
    try:
        return await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()


async def _run(databases: Databases, service: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a service's database, as the superuser."""
    url = make_url(databases.server)
    process = await asyncio.create_subprocess_exec(
        _found(program), "--no-password", *arguments,
        env=os.environ | {
            "PGHOST": url.host or "",
            "PGPORT": str(url.port or 5432),
            "PGUSER": url.username or "",
            "PGPASSWORD": str(url.password or ""),
            "PGDATABASE": service,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    if process.returncode:
        raise BackupFailed(f"{program} of {service} failed: {said.decode().strip()[-500:]}")


def _found(program: str) -> str:
    """The program of the wheel with our own PostgreSQL, else the one on PATH."""
    try:
        return str(postgres_install() / "bin" / program)
    except ServerFailed:
        if path := shutil.which(program):
            return path
    raise BackupFailed(f"{program} of PostgreSQL 18 is missing: install its client programs.")
