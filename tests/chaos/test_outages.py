"""What callers meet while the bus or the database is away, and how soon it is over."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from deploy.local.processes import Child
from tests.chaos import connections
from tests.chaos.cluster import Cluster, cluster_in
from tests.chaos.people import COMMUNITY, Community, found_community
from tests.support.platform import eventually

READS = {
    "directory": f"/directory/{COMMUNITY}/places",
    **{one: f"/{one}/{COMMUNITY}/known" for one in ("requests", "volunteers", "points", "notify")},
}
REQUESTS = f"/requests/{COMMUNITY}/requests"
UNSENT = "SELECT 1 FROM outbox WHERE sent_at IS NULL"


@pytest_asyncio.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with cluster_in(tmp_path_factory.mktemp("outages")) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def community(cluster: Cluster) -> AsyncIterator[Community]:
    async with httpx.AsyncClient(timeout=8) as client:
        yield await found_community(cluster, client)


class Caller:
    """The staff, who try once; how long the last answer took."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.seconds = 0.0

    async def get(self, service: str) -> httpx.Response:
        return await self._call("GET", READS[service])

    async def ask(self, key: str) -> httpx.Response:
        asking = {
            "category": "repair",
            "description": f"灯不亮 {key}",
            "place_id": str(self.community.place_id),
        }
        headers = {"idempotency-key": key}
        return await self._call("POST", REQUESTS, json=asking, headers=headers)

    async def register(self, request_id: UUID) -> httpx.Response:
        return await self._call("POST", f"{REQUESTS}/{request_id}/register")

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        port = self.community.cluster.replicas[path.split("/")[1]].port
        began = time.monotonic()
        headers = content.pop("headers", {}) | {
            "authorization": f"Bearer {self.community.staff.token}"
        }
        answer = await self.community.client.request(
            method, f"http://127.0.0.1:{port}/api{path}", headers=headers, **content
        )
        self.seconds = time.monotonic() - began
        return answer


@pytest.fixture
def caller(community: Community) -> Caller:
    return Caller(community)


def come_again(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "urn:jinlin:problem:unavailable"
    assert int(answer.headers["retry-after"]) > 0


async def rows(cluster: Cluster, service: str, sql: str, *values: object) -> list[asyncpg.Record]:
    """As the superuser, who sees every row."""
    server = await asyncpg.connect(cluster.servers.postgres.dsn(service))
    try:
        return await server.fetch(sql, *values)
    finally:
        await server.close()


async def unready(cluster: Cluster, service: str, part: str) -> bool:
    port = cluster.replicas[service].port
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
    return not answer.json()["parts"][part]


async def killed(child: Child) -> None:
    child.kill()
    assert await child.ended(seconds=10)


async def test_calls_succeed_without_the_bus_and_their_events_catch_up_within_10_s(
    cluster: Cluster, caller: Caller
) -> None:
    """10 s for each minute of outage are promised; this one is short."""
    await killed(cluster.servers.nats.child)
    await eventually(lambda: unready(cluster, "requests", "bus"))
    asked = [UUID((await caller.ask(f"bus {number}")).json()["id"]) for number in range(20)]
    registered = [await caller.register(one) for one in asked]
    assert {one.status_code for one in registered} == {200}
    assert len(await rows(cluster, "requests", UNSENT)) == 40
    await cluster.servers.nats.start()

    async def all_told() -> bool:
        sql = "SELECT DISTINCT request_id FROM notice WHERE request_id = ANY($1)"
        return len(await rows(cluster, "notify", sql, asked)) == len(asked)

    await eventually(all_told, seconds=10)


async def test_without_the_database_every_service_says_so_within_2_s_and_is_soon_back(
    cluster: Cluster, caller: Caller
) -> None:
    assert (await caller.ask("first")).status_code == 201  # connections are open
    await killed(cluster.servers.postgres.child)
    for _ in range(2):  # with the connections of before, and with none
        for service in READS:
            come_again(await caller.get(service))
            assert caller.seconds < 2
        come_again(await caller.ask("the same key"))
        assert caller.seconds < 2
    await cluster.servers.postgres.start()
    back_at = time.monotonic()
    for service in READS:

        async def works(service: str = service) -> bool:
            return (await caller.get(service)).status_code == 200

        await eventually(works, seconds=10)
    assert time.monotonic() - back_at < 10
    assert (await caller.ask("the same key")).status_code == 201
    found = await rows(
        cluster, "requests", "SELECT 1 FROM service_request WHERE description LIKE '%the same key'"
    )
    assert len(found) == 1

    async def all_sent() -> bool:
        return not await rows(cluster, "requests", UNSENT)

    await eventually(all_sent)


async def test_without_a_free_connection_a_service_says_so_within_2_s_and_recovers(
    cluster: Cluster, caller: Caller
) -> None:
    """All that its role may have are held by somebody else."""
    assert (await caller.get("requests")).status_code == 200
    async with connections.all_taken(cluster.where.databases, "requests"):
        for _ in range(3):
            answers = await asyncio.gather(*(caller.get("requests") for _ in range(10)))
            for answer in answers:
                come_again(answer)
                assert answer.elapsed.total_seconds() < 2

    async def works() -> bool:
        return (await caller.get("requests")).status_code == 200

    await eventually(works, seconds=10)
