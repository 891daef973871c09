"""What a mutant takes away outside the services: from a database, or from the bus."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import asyncpg

from deploy.services import SERVICES
from shared import topology
from tests.chaos.cluster import Cluster

__all__ = ["damage", "discarding_old"]

_OPEN_TABLES: Final = """
    DO $$ DECLARE walled regclass; BEGIN
        FOR walled IN SELECT oid FROM pg_class WHERE relrowsecurity LOOP
            EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', walled);
        END LOOP;
    END $$
"""


async def damage(cluster: Cluster) -> None:
    """Take away what the cluster's mutant names, before anybody is at work."""
    match cluster.mutant:
        case "inbox-removed" | "award-key-dropped":
            await _as_owner(cluster, "points", "DROP INDEX award_key")
        case "walls-down":
            for service in SERVICES:
                await _as_owner(cluster, service, _OPEN_TABLES)
        case _:
            return


@contextmanager
def discarding_old() -> Generator[None]:
    """Streams that are made meanwhile drop their oldest events when they are full."""
    stream = topology._stream

    def discarding(owner: str, limits: topology.Limits) -> dict[str, Any]:
        return stream(owner, limits) | {"discard": "old"}

    topology._stream = discarding
    try:
        yield
    finally:
        topology._stream = stream


async def _as_owner(cluster: Cluster, service: str, sql: str) -> None:
    address = cluster.where.databases.address(service, owner=True)
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
