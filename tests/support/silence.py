"""Nobody answers: the time until a resolved request closes by itself passes at once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text

from deploy.databases import Databases
from services.requests import actions
from shared.database import ALL_COMMUNITIES, Database, Transaction

TIME_PASSES = text(
    """
    UPDATE service_request SET closes_at = now() - interval '1 s'
    WHERE id = ANY(:ids) AND status = 'resolved'
    """
)
ALL_AT_ONCE = 100


@asynccontextmanager
async def everywhere(databases: Databases) -> AsyncGenerator[Transaction]:
    """A transaction of the requests service over every community."""
    database = Database(databases.address("requests"), connections=1)
    try:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            yield tx
    finally:
        await database.close()


async def time_passes(databases: Databases, *request_ids: UUID) -> None:
    """The days of silence of these resolved requests are over."""
    async with everywhere(databases) as tx:
        assert await tx.change(TIME_PASSES, {"ids": list(request_ids)}) == len(request_ids)


async def sweep(databases: Databases, *late: UUID, limit: int = ALL_AT_ONCE) -> int:
    """What each replica does once a minute; when the time of those that are `late` has passed."""
    async with everywhere(databases) as tx:
        await tx.change(TIME_PASSES, {"ids": list(late)})
        return await actions.close_by_silence(tx, limit=limit)
