"""The operator's view of the bus: its topology, and events to be sent again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import nats as nats_py
from nats.aio.client import Client
from sqlalchemy import text

from deploy import services
from deploy.where import PlatformSettings, Whereabouts
from shared import ids, topology
from shared.database import ALL_COMMUNITIES, Database

__all__ = ["connected", "provision", "republish"]

SEND_AGAIN_CHUNK: Final = 20_000

_SEND_AGAIN: Final = text(
    """
    WITH chunk AS (
        SELECT event_id FROM outbox WHERE event_id >= :first AND sent_at IS NOT NULL
        ORDER BY event_id LIMIT :limit
    ), again AS (
        UPDATE outbox SET sent_at = NULL FROM chunk WHERE outbox.event_id = chunk.event_id
    )
    SELECT count(*), (SELECT event_id FROM chunk ORDER BY event_id DESC LIMIT 1) FROM chunk
    """
)


@asynccontextmanager
async def connected(where: Whereabouts) -> AsyncGenerator[Client]:
    """A connection to the bus; one that is away is an answer, nothing to wait two minutes for."""
    nats = await nats_py.connect(
        where.nats_url.split(","),
        max_reconnect_attempts=1,
        reconnect_time_wait=0.2,
        error_cb=_unheard,
    )
    try:
        yield nats
    finally:
        await nats.close()


async def _unheard(_error: Exception) -> None:
    """Whatever it is, the call that it spoils says so."""


async def provision(data: Path) -> int:
    """Make or update every stream and consumer; how many consumers there are."""
    specs = services.consumer_specs()
    async with connected(Whereabouts.find(data)) as nats:
        await topology.provision(nats, specs, PlatformSettings().limits)
    return len(specs)


async def republish(data: Path, *, since: datetime, service: str | None) -> dict[str, int]:
    """Mark the events since a moment as unsent, so that the relay sends them again.

    Their ids stay the same: consumers that have worked them in drop them. The directory's present
    state is sent whole, tombstones included, because its stream keeps no history.
    """
    where = Whereabouts.find(data)
    moment = since if since.tzinfo else since.replace(tzinfo=UTC)
    counts: dict[str, int] = {}
    for name in [service] if service else services.SERVICES:
        database = Database(where.databases.address(name), connections=1, patient=True)
        try:
            if name == "directory":
                from services.directory.actions import republish_all

                async with database.transaction(ALL_COMMUNITIES) as tx:
                    counts[name] = await republish_all(tx)
            else:
                counts[name] = await _send_again(database, ids.first_id_at(moment))
        finally:
            await database.close()
    return counts


async def _send_again(database: Database, first: UUID) -> int:
    """Mark every event from `first` on, chunk by chunk: the relay is never locked out for long."""
    total = 0
    while True:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            values = {"first": first, "limit": SEND_AGAIN_CHUNK}
            count, last = (await tx.execute(_SEND_AGAIN, values)).one()
        total += count
        if count < SEND_AGAIN_CHUNK:
            return total
        first = UUID(int=last.int + 1)  # the relay may have sent this chunk again already
