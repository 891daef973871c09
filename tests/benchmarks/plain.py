"""The narrow tables that everybody but us works on, and the people of the community."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
from sqlalchemy.engine import make_url

from shared import ids
from tests.benchmarks.driving import Asked

COMMUNITY = "wenhua"
ISSUER = UUID(int=0)
ISSUER_SHARDS = 8
SERVICE_MINUTES = 60
REQUESTERS = [ids.new_id() for _ in range(200)]
TAKERS = [ids.new_id() for _ in range(200)]

_SEED = """
    INSERT INTO service_request (community, id, number, category, requester_id, taker_id,
                                 service_minutes, points_rule, status, version, updated_at)
    SELECT $1, id, 'WH-2026-' || row_number() OVER (), 'repair', requester_id, taker_id,
           $2, 'standard', 'resolved', 5, $3
    FROM unnest($4::uuid[], $5::uuid[], $6::uuid[]) AS resolved (id, requester_id, taker_id)
"""


async def create(server: str, database: str) -> str:
    """Make a database with these tables on `server` (the superuser's address); its address."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {database}")
    await connection.close()
    url = make_url(server).set(database=database).render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    await connection.execute(Path(__file__).with_name("plain.sql").read_text())
    await connection.execute("INSERT INTO rule VALUES ($1, 'standard', 5, 10, 65)", COMMUNITY)
    await connection.close()
    return url


def people(number: int) -> list[tuple[UUID, UUID, UUID]]:
    """`number` new requests: the id, who asked and who did it; the same people come again."""
    return [
        (ids.new_id(), REQUESTERS[one % len(REQUESTERS)], TAKERS[one * 7 % len(TAKERS)])
        for one in range(number)
    ]


async def seed(url: str, number: int) -> Sequence[Asked]:
    """Add `number` resolved requests."""
    new = people(number)
    connection = await asyncpg.connect(url)
    columns = zip(*new, strict=True)
    await connection.execute(_SEED, COMMUNITY, SERVICE_MINUTES, datetime.now(UTC), *columns)
    await connection.close()
    return [Asked(request_id, requester) for request_id, requester, _ in new]


async def open_accounts(url: str) -> None:
    """Accounts for all takers and the issuer, for ways that expect them."""
    owners = [(one, "person", 0) for one in TAKERS]
    owners += [(ISSUER, "issuer", shard) for shard in range(ISSUER_SHARDS)]
    connection = await asyncpg.connect(url)
    await connection.executemany(
        "INSERT INTO account VALUES ($1, uuidv7(), $2, $3, $4, 0)",
        [(COMMUNITY, kind, owner, shard) for owner, kind, shard in owners],
    )
    await connection.close()
