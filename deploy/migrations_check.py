"""Compares the migrated databases with the tables in the code: `python -m deploy.migrations_check`.

What `alembic check` does, for every service, on a PostgreSQL that lives as long as the check.
"""

import asyncio
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from deploy.databases import Databases, create_databases, migrate
from deploy.local.servers import local_servers
from deploy.services import SERVICES
from deploy.where import roles
from shared import migrations

__all__ = ["differences", "main"]


async def differences(databases: Databases, service: str) -> list[str]:
    """What a service's migrations left out or added, in Alembic's words."""
    metadata: MetaData = import_module(f"services.{service}.store.tables").metadata
    engine = create_async_engine(databases.url(service, owner=True), poolclass=NullPool)

    def compare(connection: Connection) -> list[str]:
        return migrations.differences(connection, metadata)

    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found


async def main() -> int:
    """Migrate every service from nothing and compare; 1 when one differs."""
    with tempfile.TemporaryDirectory(prefix="jinlin-check-") as folder:
        async with local_servers(Path(folder) / "data", durable=False) as servers:
            databases = Databases(servers.postgres_dsn, dict.fromkeys(roles(), "check"))
            await create_databases(databases, SERVICES)
            found = 0
            for service in SERVICES:
                await migrate(databases, service)
                for difference in await differences(databases, service):
                    print(f"{service}: {difference}")
                    found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
