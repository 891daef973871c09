"""Ours: the services requests, points and notify, each a process, as they are deployed.

Without HTTP the requests service's process closes by its own action, in a transaction of its own
database, just below the route (`python -m tests.benchmarks.ours`): what the others do too. With
HTTP somebody else asks, who does not count.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
import nats as nats_py
import orjson
from joserfc.jwk import OKPKey

from deploy import services
from deploy.databases import Databases, create_databases, migrate
from deploy.where import roles
from services.requests import actions
from services.requests.app import create_app
from shared import ids, telemetry
from shared.events import Taker, Work
from shared.topology import Limits, provision
from tests.benchmarks import driving, plain
from tests.benchmarks.driving import Asked, Part
from tests.benchmarks.floor import require_delivered_once
from tests.benchmarks.measure import Site, Way, Works
from tests.support.platform import eventually
from tests.support.processes import free_port

WORKING = ("requests", "points", "notify")

_SEED = """
    INSERT INTO service_request (
        community, id, number, category, description, place_id, requester_id, filed_by,
        visibility, evidence_needed, points_rule, takers_wanted, status, version, cycle, work,
        handler_ids, task_version, created_at, updated_at)
    SELECT $1, id, 'WH-2026-' || id, 'repair', '三楼楼道灯不亮', id, requester_id, requester_id,
           'public', 'note', 'standard', 1, 'resolved', 5, 1, work::jsonb, ARRAY[taker_id], 4,
           $2, $2
    FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[])
        AS resolved (id, requester_id, taker_id, work)
"""
_OPENING = {
    "requests": """
        INSERT INTO category
        VALUES ($1, 'repair', '维修', 'Repairs', 'standard', 'public', 'note', 1, true)
    """,
    "points": "INSERT INTO rule VALUES ($1, 'standard', 1, '1970-01-01 00:00+00', 5, 10, 65)",
}
_TRUST = "INSERT INTO signing_key VALUES ($1, 1, $2, false)"


async def open_platform(site: Site, owners: Sequence[str]) -> Databases:
    """Databases, streams and consumers of `owners`, and what a new community starts with."""
    databases = Databases(site.postgres_dsn, {role: ids.new_id().hex for role in roles()})
    await create_databases(databases, owners)
    for service in owners:
        await migrate(databases, service)
    nats = await nats_py.connect(site.nats_url)
    specs = [spec for one in owners for spec in services.definition(one).consumers.specs]
    await provision(nats, specs, Limits(stream_bytes=1024**3))
    await nats.close()
    for service, sql in _OPENING.items():
        connection = await asyncpg.connect(site.servers.postgres.dsn(service))
        await connection.execute(sql, plain.COMMUNITY)
        await connection.close()
    return databases


async def seed(url: str, number: int) -> Sequence[Asked]:
    """Add so many resolved requests, each with one taker who worked an hour."""
    new = plain.people(number)
    work = [
        orjson.dumps(
            [
                Work(
                    taker=Taker(kind="person", id=taker), person_id=taker,
                    service_minutes=plain.SERVICE_MINUTES, acted=(taker,),
                ).model_dump(mode="json")
            ]
        ).decode()
        for _, _, taker in new
    ]  # fmt: skip
    connection = await asyncpg.connect(url)
    columns = zip(*new, strict=True)
    await connection.execute(_SEED, plain.COMMUNITY, datetime.now(UTC), *columns, work)
    await connection.close()
    return [Asked(request_id, requester) for request_id, requester, _ in new]


class Ours(Way):
    """The three services, without HTTP."""

    name = "ours"
    _databases: Databases | None = None

    def __init__(self, owners: Sequence[str] = WORKING) -> None:
        """Prepare the databases of `owners`."""
        self._owners = owners

    async def prepare(self, site: Site) -> None:
        self._databases = await open_platform(site, self._owners)
        self.tables = {one: site.servers.postgres.dsn(one) for one in WORKING}

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncGenerator[Works]:
        async with AsyncExitStack() as stack:
            closer = await stack.enter_async_context(
                site.python("tests.benchmarks.ours", **self.environment(site, "requests"))
            )
            others = await self.services(stack, site, WORKING[1:])
            yield Works(closer=closer, parts=[closer, *others.values()])

    def environment(self, site: Site, service: str) -> dict[str, str]:
        """What a service reads."""
        assert self._databases is not None
        return {
            "JINLIN_DATABASE_URL": self._databases.address(service),
            "JINLIN_NATS_URL": site.nats_url,
        }

    async def seed(self, number: int) -> Sequence[Asked]:
        return await seed(self.tables["requests"], number)

    async def require_nothing_late(self, site: Site) -> None:
        durables = ("points-requests-closed", "notify-requests", "notify-points")
        await require_delivered_once(
            site, [(("POINTS" if one == "notify-points" else "REQUESTS"), one) for one in durables]
        )

    async def services(
        self, stack: AsyncExitStack, site: Site, names: Sequence[str], **more: str
    ) -> dict[str, Part]:
        """Services as they are deployed, ready; `port` is where each listens."""
        parts: dict[str, Part] = {}
        for one in names:
            port = free_port()
            environment = self.environment(site, one) | more | {"JINLIN_PORT": str(port)}
            running = site.python(f"services.{one}", speaks=False, **environment)
            parts[one] = await stack.enter_async_context(running)
            parts[one].port = port
        for part in parts.values():
            await eventually(part.is_ready, seconds=driving.PATIENCE_SECONDS)
        return parts


class OursOverHttp(Ours):
    """The three services, asked over HTTP; with an exporter of traces if told so."""

    def __init__(self, ours: Ours, name: str, *, traced: bool) -> None:
        """Work on the databases of `ours`."""
        self.name, self._ours, self._traced = name, ours, traced
        self._key = OKPKey.generate_key("Ed25519", {"kid": ids.new_id().hex})

    async def prepare(self, site: Site) -> None:
        self._databases, self.tables = self._ours._databases, self._ours.tables
        public_key = orjson.dumps(self._key.as_dict(private=False)).decode()
        for url in self.tables.values():
            connection = await asyncpg.connect(url)
            await connection.execute(_TRUST, str(self._key.kid), public_key)
            await connection.close()

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncGenerator[Works]:
        async with AsyncExitStack() as stack:
            more: dict[str, str] = {}
            if self._traced:
                more["JINLIN_OTLP_ENDPOINT"] = await stack.enter_async_context(collector())
            parts = await self.services(stack, site, WORKING, **more)
            closer = await stack.enter_async_context(self.asking(site, parts["requests"]))
            yield Works(closer=closer, parts=list(parts.values()))

    def asking(self, site: Site, requests: Part) -> AbstractAsyncContextManager[Part]:
        """Whoever asks the requests service."""
        origin = f"127.0.0.1:{requests.port}"
        key = orjson.dumps(self._key.as_dict(private=True)).decode()
        return site.python("tests.benchmarks.asking", ORIGIN=origin, KEY=key)


@asynccontextmanager
async def collector() -> AsyncGenerator[str]:
    """What takes traces and forgets them; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"(?i)content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close_clients()


async def main() -> None:
    """The requests service without its port: close what standard input says, by its action."""
    settings = services.settings("requests")
    telemetry.configure_logging(settings.log_level)
    app = create_app(settings)
    service = app.state.service

    async def close(asked: Asked) -> None:
        change = actions.Change(plain.COMMUNITY, asked.request_id, by=asked.requester_id)
        async with service.database.transaction(plain.COMMUNITY) as tx:
            await actions.close(tx, change)

    async def ready() -> bool:
        return all((await service.parts()).values())

    async with app.router.lifespan_context(app):
        await eventually(ready, seconds=driving.PATIENCE_SECONDS)
        await driving.obey(close)


if __name__ == "__main__":
    driving.run(main())
