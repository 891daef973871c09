"""A handler that fails for a while: somebody has taken a right from the points service."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from nats.aio.client import Client

from deploy.databases import Databases
from tests.chaos.bus import on_bus
from tests.chaos.cluster import Cluster

__all__ = ["deliveries", "failing_points", "set_aside_again"]

DURABLE: Final = "points-requests-closed"
PATIENCE_SECONDS: Final = 20

_SET_ASIDE: Final = "SELECT count(*) FROM retry WHERE consumer = $1 AND attempts > 1"


@asynccontextmanager
async def failing_points(databases: Databases) -> AsyncGenerator[asyncpg.Connection]:
    """No award can be written while this is entered; gives the superuser's eyes on the tables."""
    address, _, _ = databases.server.rpartition("/")
    connection = await asyncpg.connect(f"{address}/points")
    try:
        await connection.execute("REVOKE INSERT ON award FROM points")
        yield connection
    finally:
        await connection.execute("GRANT INSERT ON award TO points")
        await connection.close()


async def set_aside_again(points: asyncpg.Connection) -> bool:
    """Whether an event that failed twice waits for its turn; False after 20 s without one."""
    for _ in range(PATIENCE_SECONDS * 10):
        if await points.fetchval(_SET_ASIDE, DURABLE):
            return True
        await asyncio.sleep(0.1)  # then it looks again
    return False


async def deliveries(cluster: Cluster) -> int:
    """How often the bus has handed a closing to the points service, repeats included."""

    async def count(nats: Client) -> int:
        info = await nats.jetstream().consumer_info("REQUESTS", DURABLE)
        return info.delivered.consumer_seq if info.delivered else 0

    return await on_bus(cluster, count)
