"""A running platform, on which one request has gone all its way, and whoever sits before it.

Staff have noted something of the request, printed its slip, and made somebody a volunteer.
"""

import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import nats
from rich.console import Console

from deploy.demo.api import Api
from deploy.demo.community import demo_community
from deploy.local.platform import RunningPlatform, running_platform
from deploy.services import SERVICES
from tests.support.jinlin import jinlin
from tests.support.platform import eventually
from tests.support.story import Story

INVARIANTS = {
    "one standing award per close, taker and rule",
    "the ledger of each community sums to zero",
    "each balance is the sum of its transfers",
    "nobody's balance is below zero",
    "at least one notice per close",
    "at most one notice per event, recipient and channel",
    *(f"{service}: outbox empty" for service in SERVICES),
    *(f"{service}: nothing parked" for service in SERVICES),
    "each history is a legal path to where its request stands",
    "tasks, awards and notices are of requests of their community",
    "every dead letter is settled",
}


@dataclass(frozen=True)
class Operator:
    """A running platform and whoever sits before it."""

    platform: RunningPlatform

    async def types(self, *arguments: object) -> str:
        """What a command that must succeed prints."""
        answer = await jinlin(*arguments, "--data", self.platform.folder)
        assert answer.code == 0, answer
        assert "Traceback" not in answer.err
        return answer.out

    async def broken(self, *, within: float = 20) -> dict[str, int]:
        """What `verify` says is broken; its exit code says the same."""
        answer = await jinlin(
            "verify", "--json", "--within", within, "--data", self.platform.folder
        )
        [line] = answer.out.splitlines()
        said = json.loads(line)
        assert {one["name"] for one in said["invariants"]} == INVARIANTS
        broken = {one["name"]: one["broken"] for one in said["invariants"] if one["broken"]}
        assert said["holds"] is (not broken)
        assert answer.code == (1 if broken else 0)
        return broken

    async def asks(self, service: str, sql: str, *values: object) -> list[Any]:
        """Rows, or an intrusion: as the superuser, whom no wall stops."""
        server = self.platform.whereabouts.databases.server
        connection = await asyncpg.connect(server.rpartition("/")[0] + f"/{service}")
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    async def fails_for_good(self, reason: str) -> None:
        """Wait for a parked event to fail for this reason; its next attempt is its last, now."""

        async def parked() -> bool:
            return bool(await self.asks("points", "SELECT FROM retry WHERE reason ~ $1", reason))

        await eventually(parked, seconds=30)
        await self.asks("points", "UPDATE retry SET attempts = 5, next_at = now()")

        async def buried() -> bool:
            return not await self.asks("points", "SELECT FROM retry")

        await eventually(buried, seconds=30)

    async def awards(self) -> int:
        [[count]] = await self.asks("points", "SELECT count(*) FROM award")
        return count


@asynccontextmanager
async def bus(operator: Operator) -> AsyncGenerator[nats.NATS]:
    client = await nats.connect(operator.platform.whereabouts.nats_url)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def operating() -> AsyncGenerator[Operator]:
    """Start it; the request that was closed is awarded."""
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as folder:
        async with running_platform(Path(folder) / "data") as platform:
            sign_ins = await demo_community(platform, Console(quiet=True))
            async with Api(platform.origin) as api:
                story = await Story.of(api, sign_ins)
                request = await story.whole()
                await story.note(request)
                await story.slip(request)
                await story.is_admitted()
            one = Operator(platform)

            async def heard() -> bool:
                of_no_request = "SELECT FROM notice WHERE request_id IS NULL"
                return await one.awards() == 1 and bool(await one.asks("notify", of_no_request))

            await eventually(heard, seconds=30)
            yield one
