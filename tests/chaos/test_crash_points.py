"""A process killed at any of the named points keeps every promise (`RELIABILITY.md` §1).

The toy is killed: it is wired like every service, and its effects have no key of their own, so
that one done twice shows.
"""

import asyncio
import re
import secrets
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from nats.js.api import RawStreamMsg

import shared
from shared import chaos
from shared.chaos import Point
from shared.outbox import emit
from shared.topology import Limits
from tests.support.platform import TEST_LIMITS, Neighbourhood, Person, Platform, eventually
from tests.support.processes import ServiceProcess, free_port
from tests.support.toy.app import consumes
from tests.support.toy.events import known_contracts, thrown
from tests.support.toy.running import make_database, provision, told_on_bus

ROOM_OF = {"door": "door.py", "relay": "relay.py", "consumer": "consumers.py"}
PATIENCE_SECONDS = 60
SHORT_WINDOW = Limits(
    stream_bytes=TEST_LIMITS.stream_bytes, ack_wait_seconds=2, duplicate_window_seconds=0.1
)


@dataclass
class ToyProcess:
    """A toy that can be killed, with a community that it knows."""

    platform: Platform
    folder: Path
    hood: Neighbourhood
    writer: Person | None = None

    def process(self, **environment: str) -> ServiceProcess:
        port = free_port()
        usual = {
            "JINLIN_DATABASE_URL": self.platform.databases.address("toy"),
            "JINLIN_NATS_URL": self.platform.servers.nats_url,
            "JINLIN_ACK_WAIT_SECONDS": str(TEST_LIMITS.ack_wait_seconds),
            "JINLIN_PORT": str(port),
        }
        log = self.folder / f"{secrets.token_hex(4)}.log"
        return ServiceProcess("toy", port, usual | environment, log, package="tests.support")

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[ServiceProcess]:
        process = self.process()
        try:
            await process.start()
            yield process
        finally:
            await process.stop(signal.SIGKILL)

    async def dies_at(
        self, point: Point, act: Callable[[ServiceProcess], Awaitable[object]]
    ) -> None:
        """Start it, act, and see it die at the point."""
        process = self.process(**{chaos.PLAN: f"{point}:1"})
        try:
            await process.start()
            await act(process)
            assert process.process is not None
            code = await asyncio.wait_for(process.process.wait(), PATIENCE_SECONDS)
        finally:
            await process.stop(signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert f"chaos: killed at {point}:1\n" in process.log.read_text()

    async def write(self, process: ServiceProcess, key: str) -> httpx.Response:
        assert self.writer is not None
        headers = {"authorization": f"Bearer {self.writer.token}", "idempotency-key": key}
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE_SECONDS) as client:
            url = f"http://127.0.0.1:{process.port}/api/toy/{self.hood.slug}/notes"
            return await client.post(url, json={"words": key})

    async def notes(self, words: str) -> list[UUID]:
        rows = await self.platform.rows("toy", "SELECT id FROM note WHERE words = :w", w=words)
        return [row.id for row in rows]

    async def emit(self, ball: Any) -> None:
        """Put a ball into the outbox, whose relay throws it to its own consumer."""
        database = self.platform.database("toy")
        async with database.transaction(ball.community) as tx:
            await emit(tx, ball)
        await database.close()

    async def effects(self, ball: Any) -> int:
        rows = await self.platform.rows(
            "toy", "SELECT 1 FROM caught WHERE ball_id = :ball", ball=ball.ball_id
        )
        return len(rows)

    async def on_bus(self, event: str, entity_id: UUID) -> list[RawStreamMsg]:
        messages = await told_on_bus(self.platform.nats, f"evt.{self.hood.slug}.toy.{event}.v1")
        return [one for one in messages if str(entity_id).encode() in (one.data or b"")]

    async def all_settled(self) -> bool:
        """Whether nothing waits in the outbox, on the bus or for an acknowledgement."""
        jetstream = self.platform.nats.jetstream()
        for spec in consumes.specs:
            consumer = await jetstream.consumer_info(spec.stream, spec.durable)
            if consumer.num_pending or consumer.num_ack_pending:
                return False
        return not await self.platform.rows("toy", "SELECT 1 FROM outbox WHERE sent_at IS NULL")


@pytest_asyncio.fixture(scope="module")
async def toy(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ToyProcess]:
    await make_database(platform, "toy")
    await provision(platform.nats, SHORT_WINDOW)
    hood = await platform.community()
    toy = ToyProcess(platform, tmp_path_factory.mktemp("toy"), hood)
    toy.writer = await hood.person("resident")
    with known_contracts():
        async with toy.running():
            await eventually(lambda: known(toy), seconds=PATIENCE_SECONDS)
            await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
        try:
            yield toy
        finally:
            await provision(platform.nats, TEST_LIMITS)


async def known(toy: ToyProcess) -> bool:
    """Whether the toy has heard of the writer, and holds no other word of the directory."""
    sql = "SELECT 1 FROM known_membership WHERE community = :here"
    return bool(await toy.platform.rows("toy", sql, here=toy.hood.slug))


async def test_killed_before_the_commit_nothing_is_done_and_the_same_call_succeeds_once(
    toy: ToyProcess,
) -> None:
    async def write(process: ServiceProcess) -> None:
        with pytest.raises(httpx.TransportError):
            await toy.write(process, "before")

    await toy.dies_at(Point.DOOR_BEFORE_COMMIT, write)
    assert await toy.notes("before") == []
    async with toy.running() as process:
        answer = await toy.write(process, "before")
        assert answer.status_code == 201
        assert "idempotency-replayed" not in answer.headers
        assert [str(one) for one in await toy.notes("before")] == [answer.json()["id"]]
        await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
        assert len(await toy.on_bus("returned", UUID(answer.json()["id"]))) == 1


async def test_killed_after_the_commit_the_same_call_gets_the_stored_answer(
    toy: ToyProcess,
) -> None:
    async def write(process: ServiceProcess) -> None:
        with pytest.raises(httpx.TransportError):
            await toy.write(process, "after")

    await toy.dies_at(Point.DOOR_AFTER_COMMIT, write)
    (written,) = await toy.notes("after")
    async with toy.running() as process:
        answer = await toy.write(process, "after")
        assert (answer.status_code, answer.json()["id"]) == (201, str(written))
        assert answer.headers["idempotency-replayed"] == "true"
        assert await toy.notes("after") == [written]
        await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
        # Published already when it was killed, it comes again under the id that it had.
        told = await toy.on_bus("returned", written)
        assert len({(one.headers or {})["Nats-Msg-Id"] for one in told}) == 1


async def test_killed_before_publishing_the_event_leaves_within_5_s_of_the_restart(
    toy: ToyProcess,
) -> None:
    ball = thrown(toy.hood.slug)
    await toy.dies_at(Point.RELAY_BEFORE_PUBLISH, lambda _: toy.emit(ball))
    assert await toy.on_bus("thrown", ball.ball_id) == []
    async with toy.running():
        await eventually(lambda: toy.on_bus("thrown", ball.ball_id), seconds=5)
        await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
    assert len(await toy.on_bus("thrown", ball.ball_id)) == 1
    assert await toy.effects(ball) == 1


async def test_killed_before_the_mark_the_event_leaves_twice_and_has_one_effect(
    toy: ToyProcess,
) -> None:
    ball = thrown(toy.hood.slug)
    await toy.dies_at(Point.RELAY_AFTER_PUBLISH, lambda _: toy.emit(ball))
    (first,) = await toy.on_bus("thrown", ball.ball_id)
    async with toy.running():
        await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
    again = await toy.on_bus("thrown", ball.ball_id)
    ids = {(one.headers or {})["Nats-Msg-Id"] for one in again}
    assert (len(again), ids) == (2, {(first.headers or {})["Nats-Msg-Id"]})
    assert await toy.effects(ball) == 1


async def test_killed_before_the_consumers_commit_the_event_comes_again(toy: ToyProcess) -> None:
    ball = thrown(toy.hood.slug)
    await toy.dies_at(Point.CONSUMER_BEFORE_COMMIT, lambda _: toy.platform.tell(ball))
    assert await toy.effects(ball) == 0
    async with toy.running():
        await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
    assert await toy.effects(ball) == 1


async def test_killed_before_the_ack_the_event_comes_again_to_no_effect(toy: ToyProcess) -> None:
    ball = thrown(toy.hood.slug)
    await toy.dies_at(Point.CONSUMER_AFTER_COMMIT, lambda _: toy.platform.tell(ball))
    assert await toy.effects(ball) == 1
    assert not await toy.all_settled()
    async with toy.running():
        await eventually(toy.all_settled, seconds=PATIENCE_SECONDS)
    assert await toy.effects(ball) == 1


@pytest.mark.parametrize("point", Point)
def test_each_point_stands_once_in_its_room_and_is_tried_here(point: Point) -> None:
    rooms = Path(shared.__file__ or "").parent
    call = re.compile(rf"\breach\(Point\.{point.name}\)")
    found = [path.name for path in rooms.rglob("*.py") for _ in call.findall(path.read_text())]
    assert found == [ROOM_OF[point.partition(".")[0]]]
    assert f"dies_at(Point.{point.name}," in Path(__file__).read_text()


def test_without_a_plan_it_is_an_empty_function() -> None:
    assert chaos.reach is chaos._go_on


@pytest.mark.parametrize("plan", ["relay.never:1", "relay.after_publish", "relay.after_publish:x"])
def test_a_plan_that_names_no_point_or_no_hit_stops_the_process(plan: str) -> None:
    with pytest.raises(ValueError, match=r"never|invalid literal"):
        chaos.plan_of(plan)
