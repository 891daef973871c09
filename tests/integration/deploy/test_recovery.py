"""Backup, restore and reconcile: an older database learns again what happened since."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from rich.console import Console

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY, demo_community
from deploy.local.platform import RunningPlatform, running_platform
from deploy.reconcile import reconcile
from deploy.services import SERVICES
from deploy.verify import verify
from tests.support.jinlin import jinlin
from tests.support.story import REQUESTS, Story

FACTS = {
    "requests": "SELECT number, status, version, cycle, closed_as, stars, task_version"
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
    "people": "SELECT person_id, roles FROM membership ORDER BY 1",
}
"""What must be the same afterwards: everything but words and ids that nobody was told."""

HOMES = {"balances": "points", "hours": "volunteers", "tasks": "volunteers"} | {
    "notices": "notify", "places": "directory", "people": "directory",
}  # fmt: skip


@dataclass(frozen=True)
class Past:
    """A platform at rest, a backup from its middle, and what was true at its end."""

    data: Path
    backup: Path
    closed: str
    facts: Mapping[str, Any]


@asynccontextmanager
async def running(data: Path) -> AsyncGenerator[tuple[RunningPlatform, Story]]:
    async with running_platform(data) as platform:
        sign_ins = await demo_community(platform, Console(quiet=True))
        async with Api(platform.origin) as api:
            yield platform, await Story.of(api, sign_ins)


async def facts(platform: RunningPlatform) -> dict[str, Any]:
    """As the superuser sees them, whom no wall stops."""
    found: dict[str, Any] = {}
    for name, sql in FACTS.items():
        server = platform.whereabouts.databases.server.rpartition("/")[0]
        connection = await asyncpg.connect(f"{server}/{HOMES.get(name, name)}")
        found[name] = [tuple(row) for row in await connection.fetch(sql)]
        await connection.close()
    return found


async def broken(platform: RunningPlatform) -> list[str]:
    findings = await verify(platform.whereabouts, within_seconds=30)
    return [one.name for one in findings if not one.holds]


async def types(*arguments: object, data: Path) -> str:
    answer = await jinlin(*arguments, "--data", data)
    assert answer.code == 0, answer
    return answer.out


async def much_happens(story: Story, closed_before: str) -> str:
    """Work of every kind; the id of a request that was closed in it."""
    closed = await story.whole()
    await story.resident.post(f"{REQUESTS}/{closed}/rate", {"stars": 5, "note": "谢谢"})
    await story.again(closed_before)
    under_way = await story.ask("水管漏水")
    await story.claim(under_way, await story.put_on_list(under_way))
    await story.put_on_list(await story.ask("门锁坏了"))
    await story.resident.post(f"{REQUESTS}/{await story.ask()}/cancel", {"reason": "好了"})
    await story.staff.post(
        f"/directory/{COMMUNITY}/organisations",
        {"kind": "resident_unit", "title": "驻区单位二", "code": "U2"},
    )
    return closed


@pytest_asyncio.fixture(scope="module")
async def past() -> AsyncGenerator[Past]:
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as name:
        data, backup = Path(name) / "data", Path(name) / "backup"
        async with running(data) as (platform, story):
            closed_before = await story.whole()
            assert await broken(platform) == []
            await types("backup", backup, data=data)
            closed = await much_happens(story, closed_before)
            assert await broken(platform) == []
            now = await facts(platform)
        yield Past(data, backup, closed, now)


@pytest.mark.parametrize("restored", [*SERVICES, "all"])
async def test_an_older_database_learns_again_what_happened_since(
    past: Past, restored: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    await asyncio.to_thread(shutil.copytree, past.data, data, symlinks=True)
    chosen = [] if restored == "all" else ["--service", restored]
    said = await types("restore", past.backup, "--over", *chosen, data=data)
    assert "everything fits" not in said
    async with running(data) as (platform, story):
        assert await broken(platform) == []
        assert await facts(platform) == past.facts
        assert await reconcile(platform.whereabouts, told=lambda _: None) == []
        await story.again(past.closed)
        await story.whole()
        assert await broken(platform) == []
        numbers = [row[0] for row in (await facts(platform))["requests"]]
        assert len(numbers) == len(set(numbers)) == len(past.facts["requests"]) + 1
