"""All database connections of a service, taken by somebody else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from deploy.databases import Databases

__all__ = ["all_taken"]

ROUNDS: Final = 5

_END_OTHERS: Final = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename = $1 AND pid <> ALL($2::int[])
"""


@asynccontextmanager
async def all_taken(databases: Databases, service: str) -> AsyncGenerator[None]:
    """The service has lost its connections, and its role is at its limit."""
    server = await asyncpg.connect(databases.server)
    taken: list[asyncpg.Connection] = []
    address = databases.address(service).replace("+asyncpg", "")
    try:
        for _ in range(ROUNDS):  # the service snatches at what it loses
            mine = [one.get_server_pid() for one in taken]
            ended = await server.fetchval(_END_OTHERS, service, mine)
            await _take_all(address, taken)
            if not ended:
                break
        yield
    finally:
        await asyncio.gather(*(one.close() for one in (*taken, server)))


async def _take_all(address: str, taken: list[asyncpg.Connection]) -> None:
    """Sign in until the server refuses."""
    while True:
        try:
            taken.append(await asyncpg.connect(address, timeout=5))
        except asyncpg.TooManyConnectionsError:
            return
