"""Backup, restore and reconcile: an older database learns again what happened since."""

import socket
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nats
import pytest
import pytest_asyncio
from rich.console import Console

from deploy.backup import restore
from deploy.databases import create_databases
from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY, demo_community
from deploy.local.platform import (
    RunningPlatform,
    databases_of,
    platform_on,
    running_platform,
)
from deploy.local.servers import LocalServers, local_servers
from deploy.reconcile import reconcile
from deploy.services import SERVICES
from deploy.verify import verify
from deploy.where import Whereabouts
from shared.topology import Limits
from tests.support.jinlin import jinlin
from tests.support.platform import eventually
from tests.support.silence import sweep
from tests.support.story import REQUESTS, Story

FACTS = {
    "requests": "SELECT number, status, version, cycle, closed_as, stars, task_version, due_at"
    " FROM service_request ORDER BY number",
    "points": "SELECT id, request_id, cycle, taker_id, points, service_minutes, status FROM award"
    " ORDER BY id",
    "balances": "SELECT owner_kind, sum(balance), sum(awarded), sum(reversed) FROM account"
    " GROUP BY owner_kind ORDER BY 1",
    "hours": "SELECT person_id, request_id, cycle, service_minutes FROM service_record"
    " ORDER BY request_id, cycle",
    "tasks": "SELECT request_id, cycle, state, places_free FROM task ORDER BY 1, 2",
    "notices": "SELECT event_id, recipient_id, kind FROM notice ORDER BY 1, 2",
    "places": "SELECT id, kind, title FROM place ORDER BY id",
    "people": "SELECT person_id, roles, removed, version FROM membership ORDER BY 1",
}
"""What must be the same afterwards: everything but words and ids that nobody was told."""

HOMES = {"balances": "points", "hours": "volunteers", "tasks": "volunteers"} | {
    "notices": "notify", "places": "directory", "people": "directory",
}  # fmt: skip


PEOPLE = f"/directory/{COMMUNITY}/people"


@dataclass
class Past:
    """Servers with a backup from the middle of what happened, and what is true by now."""

    servers: LocalServers
    where: Whereabouts
    backup: Path
    then: Mapping[str, Any]
    now: Mapping[str, Any]
    closed: str


@asynccontextmanager
async def running(servers: LocalServers) -> AsyncGenerator[tuple[RunningPlatform, Story]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with platform_on(servers, listener, Limits()) as platform:
            sign_ins = await demo_community(platform, Console(quiet=True))
            async with Api(platform.origin) as api:
                yield platform, await Story.of(api, sign_ins)


async def facts(where: Whereabouts) -> dict[str, Any]:
    """As the superuser sees them, whom no wall stops."""
    found: dict[str, Any] = {}
    for name, sql in FACTS.items():
        server = where.databases.server.rpartition("/")[0]
        connection = await asyncpg.connect(f"{server}/{HOMES.get(name, name)}")
        found[name] = [tuple(row) for row in await connection.fetch(sql)]
        await connection.close()
    return found


async def settled(where: Whereabouts) -> dict[str, Any]:
    """The same as soon as volunteers has heard of every close, which no invariant counts."""

    async def heard() -> dict[str, Any]:
        found = await facts(where)
        return {} if any(state == "completed" for _, _, state, _ in found["tasks"]) else found

    return await eventually(heard)


async def broken(where: Whereabouts) -> list[str]:
    findings = await verify(where, within_seconds=30)
    return [one.name for one in findings if not one.holds]


async def types(*arguments: object, data: Path) -> str:
    answer = await jinlin(*arguments, "--data", data)
    assert answer.code == 0, answer
    return answer.out


def unheard(_said: str) -> None:
    """What is told meanwhile is for those who wait."""


async def leave(story: Story, person_id: str) -> None:
    path = f"{PEOPLE}/{person_id}/membership"
    await story.staff.api.call("DELETE", path, token=story.staff.token)


async def much_happens(where: Whereabouts, story: Story, closed_before: str, neighbour: str) -> str:
    """Work of every kind; the id of a request that was closed in it."""
    closed = await story.whole()
    await story.resident.post(f"{REQUESTS}/{closed}/rate", {"stars": 5, "note": "谢谢"})
    await story.again(closed_before)
    unanswered = await story.ask("窗户关不上")
    task = await story.put_on_list(unanswered)
    await story.claim(unanswered, task)
    await story.complete(unanswered, task)
    await sweep(where.databases, UUID(unanswered))
    under_way = await story.ask("水管漏水")
    task = await story.put_on_list(under_way)
    await story.note(under_way)
    await story.slip(under_way)
    await story.claim(under_way, task)
    await story.put_on_list(await story.ask("门锁坏了"))
    await story.resident.post(f"{REQUESTS}/{await story.ask()}/cancel", {"reason": "好了"})
    await story.staff.post(
        f"/directory/{COMMUNITY}/organisations",
        {"kind": "resident_unit", "title": "驻区单位二", "code": "U2"},
    )
    await leave(story, neighbour)
    await story.staff.post(PEOPLE, {"name": "新邻居", "roles": ["resident"]})
    return closed


async def is_sent_again(where: Whereabouts, stream: str) -> None:
    """Every event of a stream is in it twice, as after a relay that was killed and rested."""
    bus = await nats.connect(where.nats_url)
    jetstream = bus.jetstream()
    for sequence in range(1, (await jetstream.stream_info(stream)).state.messages + 1):
        one = await jetstream.get_msg(stream, sequence)
        headers = {name: value for name, value in (one.headers or {}).items() if "Nats" not in name}
        await jetstream.publish(one.subject or "", one.data or b"", headers=headers)
    await bus.close()


@pytest_asyncio.fixture(scope="module")
async def past() -> AsyncGenerator[Past]:
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as name:
        data, backup = Path(name) / "data", Path(name) / "backup"
        async with local_servers(data, durable=False) as servers:
            await create_databases(databases_of(servers), SERVICES)
            async with running(servers) as (platform, story):
                where = platform.whereabouts
                closed_before = await story.whole()
                body = {"name": "老邻居", "roles": ["volunteer"]}
                neighbour = (await story.staff.post(PEOPLE, body))["id"]
                assert await broken(where) == []
                then = await settled(where)
                await types("backup", backup, data=data)
                closed = await much_happens(where, story, closed_before, neighbour)
                await is_sent_again(where, "POINTS")
                assert await broken(where) == []
                now = await settled(where)
            yield Past(servers, where, backup, then, now, closed)


@pytest.mark.parametrize("restored", [*SERVICES, "all"])
async def test_an_older_database_learns_again_what_happened_since(
    past: Past, restored: str
) -> None:
    where = past.where
    chosen = SERVICES if restored == "all" else [restored]
    await restore(where, past.backup, chosen, over=True, told=unheard)
    assert await reconcile(where, told=unheard) != []
    assert await reconcile(where, told=unheard) == []
    async with running(past.servers) as (_, story):
        assert await broken(where) == []
        assert await settled(where) == past.now
        assert await reconcile(where, told=unheard) == []
        await story.again(past.closed)
        past.closed = await story.whole()
        assert await broken(where) == []
        before, past.now = past.now, await settled(where)
        numbers = [row[0] for row in past.now["requests"]]
        assert len(numbers) == len(set(numbers)) == len(before["requests"]) + 1


async def test_on_a_new_machine_one_command_makes_it_as_it_was(past: Past, tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = await types("restore", past.backup, data=data)
    assert "events will be sent again" in said
    async with running_platform(data) as platform:
        assert await broken(platform.whereabouts) == []
        assert await facts(platform.whereabouts) == past.then
