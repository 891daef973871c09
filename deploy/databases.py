"""Databases and roles: one database and two roles a service, and its migrations.

`<service>_owner` owns the tables and runs migrations; `<service>` is what the service signs in as,
and owns nothing (`DESIGN.md` §7).
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from deploy.foreseen import Foreseen
from deploy.services import migrations_folder
from shared import migrations, revisions
from shared.database import ALL_COMMUNITIES, Database, Transaction, sqlstate

__all__ = ["Databases", "create_databases", "keep_partitions", "migrate", "transaction"]

ROLE_SETTINGS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
CONNECTION_LIMIT = 60
LOCK_TIMEOUT = "3s"
"""How long a migration waits for a table: whoever works with it meanwhile queues behind it, and
gives up after five."""

LOCK_TRIES = 5

SILENCE = {"log_statement": "none", "log_min_error_statement": "panic"}
"""What keeps a statement with a password out of the server's log, also when it fails."""

_REVISION = text("SELECT version_num FROM alembic_version")
_HAS_REVISION = text("SELECT to_regclass('alembic_version') IS NOT NULL")


@dataclass(frozen=True)
class Databases:
    """Where the databases are, and the passwords of their roles."""

    server: str
    """The superuser's address, `postgresql://user:password@host:port/postgres`."""
    passwords: Mapping[str, str]
    """By role: `<service>` and `<service>_owner`."""

    def url(self, service: str, *, owner: bool = False) -> URL:
        """A service's database, as its application role or as its owner."""
        role = f"{service}_owner" if owner else service
        return make_url(self.server).set(
            drivername="postgresql+asyncpg",
            username=role,
            password=self.passwords[role],
            database=service,
        )

    def address(self, service: str, *, owner: bool = False) -> str:
        """The same as text, with its password."""
        return self.url(service, owner=owner).render_as_string(hide_password=False)


@asynccontextmanager
async def transaction(databases: Databases, service: str) -> AsyncGenerator[Transaction]:
    """One transaction over every community of a service's database, which takes its time."""
    database = Database(databases.address(service), connections=1, patient=True)
    try:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            yield tx
    finally:
        await database.close()


async def create_databases(databases: Databases, services: Iterable[str]) -> None:
    """Make what is missing, set the rest right: passwords, limits, rights. Safe to run again."""
    server = await asyncpg.connect(databases.server, server_settings=SILENCE)
    try:
        await _close_to_all(server, "postgres", "template1")
        roles = {row[0] for row in await server.fetch("SELECT rolname FROM pg_roles")}
        present = {row[0] for row in await server.fetch("SELECT datname FROM pg_database")}
        for service in services:
            for role in (f"{service}_owner", service):
                async with server.transaction():
                    if role not in roles:
                        await server.execute(f"CREATE ROLE {role}")
                    await _set_up_role(server, role, databases.passwords[role])
            if service not in present:
                await server.execute(f"CREATE DATABASE {service} OWNER {service}_owner")
            # Each time: a run that was killed here may have made the database only.
            await server.execute(f"REVOKE ALL ON DATABASE {service} FROM PUBLIC")
            await server.execute(f"GRANT CONNECT ON DATABASE {service} TO {service}")
    finally:
        await server.close()


async def _close_to_all(server: asyncpg.Connection, *databases: str) -> None:
    """Take back what PostgreSQL grants everybody on the databases that it makes itself."""
    for database in databases:
        if await server.fetchval(
            "SELECT has_database_privilege('public', $1, 'CONNECT')", database
        ):
            await server.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")


async def _set_up_role(server: asyncpg.Connection, role: str, password: str) -> None:
    """It may sign in, with this password, and nothing else; the application's has time limits."""
    if "'" in password or "\\" in password:
        message = "a role's password may not hold quotes or backslashes"
        raise ValueError(message)
    await server.execute(
        f"ALTER ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE "
        f"CONNECTION LIMIT {CONNECTION_LIMIT} PASSWORD '{password}'"
    )
    if not role.endswith("_owner"):
        for setting, value in ROLE_SETTINGS.items():
            await server.execute(f"ALTER ROLE {role} SET {setting} = '{value}'")


async def migrate(databases: Databases, service: str) -> bool:
    """Bring a service's database to the newest revision; whether anything was to do.

    Raises Foreseen where others hold a table whenever it is tried.
    """
    for _ in range(LOCK_TRIES):
        try:
            return await _migrate(databases, service)
        except DBAPIError as error:
            if sqlstate(error) != migrations.LOCK_NOT_AVAILABLE:
                raise
    raise Foreseen(
        f"The tables of {service} are in use all the time: nothing was changed. Try again when it "
        "is quiet, or stop the service meanwhile."
    )


async def _migrate(databases: Databases, service: str) -> bool:
    folder = migrations_folder(service)
    engine = create_async_engine(
        databases.url(service, owner=True),
        poolclass=NullPool,
        connect_args={"server_settings": {"lock_timeout": LOCK_TIMEOUT}},
    )
    async with engine.connect() as connection:
        if (await connection.execute(_HAS_REVISION)).scalar_one():
            revision = (await connection.execute(_REVISION)).scalar_one_or_none()
            if revision == revisions.head(folder):
                return False

        def upgrade(sync: Connection) -> None:
            migrations.upgrade(folder, sync, service)

        await connection.run_sync(upgrade)
        await connection.commit()
    return True


async def keep_partitions(databases: Databases, service: str) -> None:
    """Make the partitions of the coming days, drop those that are kept long enough.

    Each in its own transaction; one that is in use is left to the next run.
    """
    engine = create_async_engine(databases.url(service, owner=True), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrations.keep_partitions, datetime.now(UTC))
