"""An event leaves with its transaction or not at all, in order, whatever the bus does meanwhile."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nats as nats_py
import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI
from nats.aio.client import Client
from sqlalchemy import Connection, text

from deploy import bus as operating
from deploy.databases import keep_partitions as maintain
from deploy.local.data_folder import private_folder
from deploy.local.nats import LocalNats
from shared import clock, ids, migrations, relay
from shared.database import ALL_COMMUNITIES, Database
from shared.migrations import PARTITIONED, keep_partitions
from shared.outbox import LARGEST_EVENT_BYTES, emit
from shared.topology import Limits
from tests.support.figures import figure
from tests.support.platform import TEST_LIMITS, Neighbourhood, Platform, eventually
from tests.support.toy.events import Returned, Thrown, ToyEvent, known_contracts, returned
from tests.support.toy.running import (
    Toy,
    as_owner,
    client,
    hurried,
    make_database,
    provision,
    running,
    settings,
    told_on_bus,
)


def subject_of(hood: Neighbourhood) -> str:
    return f"evt.{hood.slug}.toy.returned.v1"


async def balls_on_bus(nats: Client, hood: Neighbourhood) -> list[Returned]:
    messages = await told_on_bus(nats, subject_of(hood))
    return [Returned.model_validate_json(one.data or b"") for one in messages]


async def emitted(toy: Toy, hood: Neighbourhood, *events: ToyEvent) -> list[UUID]:
    """Emit in one transaction; the ids they got."""
    async with toy.service.database.transaction(hood.slug) as tx:
        await emit(tx, *events)
    rows = await toy.rows(
        "SELECT event_id FROM outbox WHERE entity_id = ANY(:balls) AND type = :type "
        "ORDER BY position",
        type=events[0].type(),
        balls=[str(one.ball_id) for one in events],
    )
    return [row.event_id for row in rows]


async def emit_in(app: FastAPI, event: ToyEvent) -> None:
    """Emit in a transaction of one replica."""
    async with app.state.service.database.transaction(event.community) as tx:
        await emit(tx, event)


def tasks_with(mark: ContextVar[bool]) -> set[Any]:
    """The tasks that go on in a context where `mark` was set."""
    return {one for one in asyncio.all_tasks() if one.get_context().get(mark)}


async def send_again(toy: Toy, event_id: UUID) -> None:
    """As after a crash between publishing and marking."""
    await toy.rows("UPDATE outbox SET sent_at = NULL WHERE event_id = :id RETURNING 1", id=event_id)


class TestLeaving:
    async def test_nothing_leaves_when_the_transaction_is_rolled_back(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        writer = await hood.person("resident")
        await hood.arrived("toy", memberships=1)
        async with toy.client(writer.token) as http:
            refused = await http.post(f"/{hood.slug}/notes/refused", json={"words": "一"})
            written = await http.post(f"/{hood.slug}/notes", json={"words": "二"})
        assert (refused.status_code, written.status_code) == (409, 201)
        await toy.all_sent(hood.slug)
        on_bus = await balls_on_bus(toy.platform.nats, hood)
        assert [str(one.ball_id) for one in on_bus] == [written.json()["id"]]
        assert len(await toy.platform.told(Returned, community=hood.slug)) == 1
        notes = await toy.rows("SELECT words FROM note WHERE community = :here", here=hood.slug)
        assert [one.words for one in notes] == ["二"]

    async def test_events_leave_in_the_order_they_were_emitted(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        balls = [ids.new_id() for _ in range(3)]
        for version in range(1, 41, 4):  # ten transactions, the relay takes them as it likes
            await emitted(
                toy,
                hood,
                *(
                    returned(hood.slug, ball, version=version + step)
                    for step in range(4)
                    for ball in balls
                ),
            )
        await toy.all_sent(hood.slug)
        on_bus = await balls_on_bus(toy.platform.nats, hood)
        for ball in balls:
            versions = [one.version for one in on_bus if one.ball_id == ball]
            assert versions == list(range(1, 41))

    async def test_many_leave_as_one_atomic_batch(self, toy: Toy, hood: Neighbourhood) -> None:
        await emitted(toy, hood, *(returned(hood.slug, ids.new_id()) for _ in range(50)))
        await toy.all_sent(hood.slug)
        messages = await told_on_bus(toy.platform.nats, subject_of(hood))
        assert len(messages) == 50
        batches = {(one.headers or {}).get("Nats-Batch-Id") for one in messages}
        assert len(batches) == 1
        assert None not in batches

    async def test_an_envelope_has_what_cloudevents_asks_for(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball = ids.new_id()
        (event_id,) = await emitted(toy, hood, returned(hood.slug, ball, version=7))
        await toy.all_sent(hood.slug)
        (message,) = await told_on_bus(toy.platform.nats, subject_of(hood))
        headers = message.headers or {}
        assert headers["Nats-Msg-Id"] == headers["ce-id"] == str(event_id)
        assert headers["ce-specversion"] == "1.0"
        assert headers["ce-type"] == "cn.jinlin.toy.returned.v1"
        assert headers["ce-source"] == "/jinlin/toy"
        assert (headers["ce-subject"], headers["ce-sequence"]) == (str(ball), "7")
        assert datetime.fromisoformat(headers["ce-time"]).tzinfo

    async def test_an_event_that_no_stream_would_take_is_refused(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        """Counted in bytes: a Chinese character is three."""
        for words in ("x" * LARGEST_EVENT_BYTES, "近" * (LARGEST_EVENT_BYTES // 3)):
            async with toy.service.database.transaction(hood.slug) as tx:
                with pytest.raises(ValueError, match="larger than"):
                    await emit(tx, returned(hood.slug, ids.new_id(), words=words))
        writer = await hood.person("resident")
        async with toy.client(writer.token) as http:
            answer = await http.post(f"/{hood.slug}/notes/large", json={"words": "一"})
        assert answer.status_code == 500
        assert answer.json()["type"] == "urn:jinlin:problem:problem"
        assert not await toy.platform.told(Returned, community=hood.slug)


class TestAgain:
    async def test_a_crash_before_the_mark_sends_again_and_the_effect_stays_one(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        """Within the bus's window it drops the repeat; after it, the inbox of each consumer."""
        ball = Thrown.model_validate(returned(hood.slug, ids.new_id()).model_dump())
        (event_id,) = await emitted(toy, hood, ball)
        assert len(await toy.once_caught(ball.ball_id)) == 1
        await toy.all_sent(hood.slug)
        thrown_subject = f"evt.{hood.slug}.toy.thrown.v1"

        async def twice_on_bus() -> bool:
            await send_again(toy, event_id)
            await toy.all_sent(hood.slug)
            return len(await told_on_bus(toy.platform.nats, thrown_subject)) >= 2

        await eventually(twice_on_bus)
        last = Thrown.model_validate(returned(hood.slug, ids.new_id()).model_dump())
        await emitted(toy, hood, last)
        await toy.once_caught(last.ball_id)
        assert len(await toy.caught(ball.ball_id)) == 1

    async def test_all_since_an_event_is_marked_in_chunks(
        self, toy: Toy, hood: Neighbourhood, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operating, "SEND_AGAIN_CHUNK", 2)
        for number in (5, 4):  # the last chunk is half full, or none is left for it
            sent = await emitted(
                toy, hood, *(returned(hood.slug, ids.new_id()) for _ in range(number))
            )
            await toy.all_sent(hood.slug)
            database = Database(toy.platform.databases.address("toy"), connections=1, patient=True)
            assert await operating._send_again(database, sent[0]) == number
            async with database.transaction() as tx:
                patience = (await tx.execute(text("SHOW statement_timeout"))).scalar_one()
            assert patience == "0"
            await database.close()
            await toy.all_sent(hood.slug)

    async def test_a_batch_of_which_a_part_is_known_goes_one_by_one(
        self, toy: Toy, hood: Neighbourhood, platform: Platform
    ) -> None:
        await provision(platform.nats, Limits(duplicate_window_seconds=600))
        try:
            first = returned(hood.slug, ids.new_id())
            (event_id,) = await emitted(toy, hood, first)
            await toy.all_sent(hood.slug)
            async with toy.service.database.transaction(hood.slug) as tx:
                await tx.execute(
                    text("UPDATE outbox SET sent_at = NULL WHERE event_id = :id"),
                    {"id": event_id},
                )
                await emit(tx, *(returned(hood.slug, ids.new_id()) for _ in range(5)))
            await toy.all_sent(hood.slug)
            messages = await told_on_bus(platform.nats, subject_of(hood))
        finally:
            await provision(platform.nats, TEST_LIMITS)
        assert len(messages) == 6
        assert not any("Nats-Batch-Id" in (one.headers or {}) for one in messages)


@pytest_asyncio.fixture
async def bus(tmp_path: Path) -> AsyncIterator["OwnBus"]:
    own = OwnBus(tmp_path)
    await own.start()
    try:
        yield own
    finally:
        await own.stop()


class OwnBus(LocalNats):
    """A NATS server of one test, which comes back on the same port."""

    port = -1

    async def start(self) -> None:
        await super().start()
        self.port = int(self.url.rpartition(":")[2])

    def _config(self) -> dict[str, Any]:
        return super()._config() | {"port": self.port}

    @property
    def password(self) -> str:
        return self._password

    def reload(self, password: str) -> None:
        """Read its configuration anew, with another password: who has the old one is put out."""
        self._password = password
        (self._home / "nats.conf").write_text(json.dumps(self._config()))
        os.kill(self.child.pid, signal.SIGHUP)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Client]:
        nats = await nats_py.connect(self.url)
        try:
            yield nats
        finally:
            await nats.close()


class Apart:
    """Toys with a database and a bus of their own."""

    def __init__(self, platform: Platform, bus: OwnBus) -> None:
        self.platform = platform
        self.bus = bus
        self.database: Database

    async def prepare(self, **limits: Any) -> None:
        await make_database(self.platform, "toy_apart")
        await self.sql("DELETE FROM outbox RETURNING 1")
        async with self.bus.client() as nats:
            await provision(nats, Limits(**{"ack_wait_seconds": 2, "stream_bytes": 10**8} | limits))

    def toy(self) -> Any:
        return running(settings(self.platform, "toy_apart", self.bus.url))

    async def sql(self, sql: str, **values: Any) -> list[Any]:
        return await self.platform.rows("toy_apart", sql, **values)

    async def emit(self, *events: Returned) -> None:
        database = self.platform.database("toy_apart")
        async with database.transaction(ALL_COMMUNITIES) as tx:
            await emit(tx, *events)
        await database.close()

    async def unsent(self) -> int:
        return len(await self.sql("SELECT 1 FROM outbox WHERE sent_at IS NULL"))

    async def all_sent(self) -> None:
        async def none_waits() -> bool:
            return not await self.unsent()

        await eventually(none_waits, seconds=20)

    async def leaders(self) -> list[int]:
        """The server processes that hold the relay's lock."""
        rows = await self.sql(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return [row.pid for row in rows]


@pytest_asyncio.fixture
async def apart(platform: Platform, bus: OwnBus) -> AsyncIterator[Apart]:
    with known_contracts(), hurried():
        yield Apart(platform, bus)


async def write_note(app: FastAPI, token: str, community: str, words: str) -> int:
    async with client(app, token) as http:
        answer = await http.post(f"/{community}/notes", json={"words": words})
        return answer.status_code


class TestBusAway:
    async def test_writes_go_on_and_their_events_arrive_when_it_is_back(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood
    ) -> None:
        await apart.prepare()
        async with apart.toy() as app:
            await learn_keys(apart, app, hood)
            token = hood.token(ids.new_id(), "resident")
            assert await write_note(app, token, hood.slug, "前") == 201
            await apart.all_sent()
            await bus.stop()
            for number in range(5):
                assert await write_note(app, token, hood.slug, f"断线{number}") == 201
            await eventually(lambda: not_ready(app, "bus"))
            assert await apart.unsent() == 5
            await bus.start()
            await apart.all_sent()
        async with bus.client() as nats:
            on_bus = await balls_on_bus(nats, hood)
        assert len({one.ball_id for one in on_bus}) == 6

    async def test_a_connection_that_is_closed_for_good_is_made_anew(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood
    ) -> None:
        await apart.prepare()
        async with apart.toy() as app:
            await eventually(lambda: is_joined(app))
            await app.state.service.bus.nats().close()
            await apart.emit(returned(hood.slug, ids.new_id()))
            await apart.all_sent()

    async def test_a_server_that_refused_us_for_a_while_is_joined_again(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood
    ) -> None:
        """Whether its refusal is read, which ends the connection for good, or only its hanging up.

        The two arrive together, so either may be the case.
        """
        await apart.prepare()
        right = bus.password
        async with apart.toy() as app:
            await eventually(lambda: is_joined(app))
            connection = app.state.service.bus.nats()
            bus.reload("another")

            async def refused() -> bool:
                return not connection.is_connected

            await eventually(refused)
            bus.reload(right)
            await apart.emit(returned(hood.slug, ids.new_id()))
            await apart.all_sent()

    async def test_its_figures_tell_what_waits(self, apart: Apart, bus: OwnBus) -> None:
        await apart.prepare()
        async with apart.toy() as app:
            await eventually(lambda: is_joined(app))
            await bus.stop()
            await apart.emit(*(returned("elsewhere", ids.new_id()) for _ in range(3)))

            async def told(unsent: int, well: int) -> bool:
                return (
                    await figure(app, "jinlin_outbox_unsent_events"),
                    await figure(app, "jinlin_part_well", part="bus"),
                ) == (unsent, well)

            await eventually(lambda: told(unsent=3, well=0))
            assert await sees_events(app)
            await bus.start()
            await eventually(lambda: told(unsent=0, well=1), seconds=20)
            assert not await sees_events(app)

    async def test_a_service_may_start_first_with_events_in_its_outbox(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood
    ) -> None:
        await apart.prepare()
        await apart.emit(*(returned(hood.slug, ids.new_id()) for _ in range(3)))
        await bus.stop()
        async with apart.toy() as app:
            await eventually(lambda: sees_events(app))
            await eventually(lambda: not_ready(app, "bus"))
            await bus.start()
            await apart.all_sent()

    async def test_a_service_stops_cleanly_while_it_is_away(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood
    ) -> None:
        await apart.prepare()
        ours = ContextVar("ours", default=False)  # every task inherits it from who started it
        ours.set(True)
        async with apart.toy() as app:
            await eventually(lambda: leads(apart))
            service = app.state.service
            await eventually(lambda: is_joined(app))
            await bus.stop()
            await eventually(lambda: not_ready(app, "bus"))
            assert len(tasks_with(ours)) > 1
        assert service.bus.nats().is_closed
        assert service.database.in_use == 0

        async def nothing_goes_on() -> bool:
            return tasks_with(ours) == {asyncio.current_task()}

        await eventually(nothing_goes_on)

    async def test_a_full_stream_keeps_events_in_the_outbox_until_there_is_room(
        self, apart: Apart, hood: Neighbourhood, bus: OwnBus
    ) -> None:
        await apart.prepare(stream_bytes=4096)
        balls = [ids.new_id() for _ in range(3)]
        async with apart.toy() as app:
            await learn_keys(apart, app, hood)
            for version in range(1, 11):
                await apart.emit(*(returned(hood.slug, one, version=version) for one in balls))

            async def some_sent() -> bool:
                return 0 < await apart.unsent() < 30

            await eventually(some_sent)
            token = hood.token(ids.new_id(), "resident")
            assert await write_note(app, token, hood.slug, "满了也能写") == 201
            assert await apart.unsent() > 0
            await eventually(lambda: sees_events(app))
            async with bus.client() as nats:
                await provision(nats, Limits(stream_bytes=10**8, ack_wait_seconds=2))
            await apart.all_sent()
        async with bus.client() as nats:
            on_bus = await balls_on_bus(nats, hood)
        for ball in balls:
            assert [one.version for one in on_bus if one.ball_id == ball] == list(range(1, 11))


class TestLeading:
    async def test_one_of_two_leads_and_the_other_takes_over(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood
    ) -> None:
        await apart.prepare()
        first_toy, second_toy = apart.toy(), apart.toy()
        await first_toy.__aenter__()
        (leader,) = await eventually(apart.leaders)
        async with second_toy:
            for _ in range(10):
                await apart.emit(*(returned(hood.slug, ids.new_id()) for _ in range(3)))
            await apart.all_sent()
            assert await apart.leaders() == [leader]
            await first_toy.__aexit__(None, None, None)

            async def another_leads() -> bool:
                return await apart.leaders() not in ([], [leader])

            await eventually(another_leads)
            await apart.emit(returned(hood.slug, ids.new_id()))
            await apart.all_sent()
        async with bus.client() as nats:
            assert len(await balls_on_bus(nats, hood)) == 31

    async def test_whoever_commits_wakes_the_leader(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody polls; what the leader's own process commits waits for no lock of NOTIFY."""
        await apart.prepare()
        heard: list[Any] = []
        address = apart.platform.databases.address("toy_apart").replace("+asyncpg", "")
        listener = await asyncpg.connect(address)
        await listener.add_listener(relay.CHANNEL, lambda *told: heard.append(told))
        async with apart.toy() as leading:
            await eventually(apart.leaders)
            monkeypatch.setattr(relay, "POLL_SECONDS", 60)
            async with apart.toy() as standing:
                for _ in range(2):  # the first may still be found by a poll of before
                    await emit_in(leading, returned(hood.slug, ids.new_id()))
                    await apart.all_sent()
                assert heard == []
                await emit_in(standing, returned(hood.slug, ids.new_id()))
                await apart.all_sent()
                assert len(heard) == 1
        await listener.close()

    async def test_a_relay_outlives_its_connection(self, apart: Apart, hood: Neighbourhood) -> None:
        await apart.prepare()
        async with apart.toy():
            (leader,) = await eventually(apart.leaders)
            await apart.sql("SELECT pg_terminate_backend(:pid)", pid=leader)
            await apart.emit(returned(hood.slug, ids.new_id()))
            await apart.all_sent()

    async def test_without_the_bus_a_replica_does_not_lead(
        self, apart: Apart, bus: OwnBus, hood: Neighbourhood, tmp_path: Path
    ) -> None:
        away = OwnBus(private_folder(tmp_path / "away"))
        await away.start()
        await away.stop()
        await apart.prepare()
        await apart.emit(returned(hood.slug, ids.new_id()))
        async with running(settings(apart.platform, "toy_apart", away.url)) as cut_off:
            await eventually(lambda: sees_events(cut_off))
            assert await apart.leaders() == []
            async with apart.toy():
                await apart.all_sent()

    async def test_who_loses_the_bus_gives_up_the_lead(
        self,
        apart: Apart,
        bus: OwnBus,
        hood: Neighbourhood,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(relay, "GIVE_UP_SECONDS", 1)
        other = OwnBus(private_folder(tmp_path / "other"))
        await other.start()
        async with other.client() as nats:
            await provision(nats)
        await apart.prepare()
        async with running(settings(apart.platform, "toy_apart", other.url)) as losing:
            (leader,) = await eventually(apart.leaders)
            async with apart.toy():
                await other.stop()
                await eventually(lambda: not_ready(losing, "bus"))
                await apart.emit(returned(hood.slug, ids.new_id()))
                await apart.all_sent()
                assert await apart.leaders() not in ([], [leader])


class TestPartitions:
    async def test_a_row_lands_in_the_partition_of_its_day(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball = Thrown.model_validate(returned(hood.slug, ids.new_id()).model_dump())
        await emitted(toy, hood, ball)
        await toy.once_caught(ball.ball_id)
        for table in ("outbox", "inbox"):
            rows = await toy.rows(
                f"SELECT tableoid::regclass::text AS partition, event_id FROM {table} "
                "WHERE community = :community",
                community=hood.slug,
            )
            assert rows
            assert {(one.partition) for one in rows} == {
                f"{table}_{day_of(one.event_id):%Y%m%d}" for one in rows
            }

    async def test_days_ahead_are_made_and_old_ones_dropped(self, platform: Platform) -> None:
        await make_database(platform, "toy_days")
        now = datetime(2031, 5, 20, 13, tzinfo=UTC)
        await as_owner(platform, "toy_days", keep_partitions, now)
        for table in ("outbox", "inbox"):
            days = await partitions(platform, table)
            ahead = migrations.days(datetime(2031, 5, 19, tzinfo=UTC), 9)
            assert days == [f"{one:%Y%m%d}" for one in ahead]  # today's real ones are too old
        await as_owner(platform, "toy_days", keep_partitions, now)  # and again: nothing to do
        later = now + timedelta(days=32)
        await as_owner(platform, "toy_days", keep_partitions, later)
        oldest = {"outbox": "20310522", "inbox": "20310519"}
        for table, kept in oldest.items():
            days = await partitions(platform, table)
            assert days[0] == kept
            assert f"{later + timedelta(days=7):%Y%m%d}" == days[-1]

    async def test_a_partition_in_use_is_left_to_the_next_run(self, platform: Platform) -> None:
        await make_database(platform, "toy_days_in_use")
        names = [f"{table}_{clock.now() + timedelta(days=3):%Y%m%d}" for table in PARTITIONED]
        for name in names:
            await as_owner(platform, "toy_days_in_use", drop, name)

        async def made() -> list[str]:
            rows = await platform.rows(
                "toy_days_in_use",
                "SELECT relname FROM pg_class WHERE relname = ANY(:names)",
                names=names,
            )
            return [row.relname for row in rows]

        database = platform.database("toy_days_in_use")
        async with database.transaction(ALL_COMMUNITIES) as reading:
            await reading.execute(text("SELECT FROM outbox"))
            await maintain(platform.databases, "toy_days_in_use")
            assert await made() == [name for name in names if name.startswith("inbox")]
        await database.close()
        await maintain(platform.databases, "toy_days_in_use")
        assert set(await made()) == set(names)

    async def test_rows_that_came_before_their_partition_move_into_it(
        self, platform: Platform, hood: Neighbourhood
    ) -> None:
        await make_database(platform, "toy_days")
        day = datetime(2033, 3, 3, tzinfo=UTC)
        early = [ids.first_id_at(day + timedelta(hours=one)) for one in range(24)]
        next_day = ids.first_id_at(day + timedelta(days=20))
        for event_id in (*early, next_day):
            await platform.rows("toy_days", INSERT, id=event_id, community=hood.slug)
        assert await places(platform, hood) == {"outbox_default": 25}
        await as_owner(platform, "toy_days", keep_partitions, day - timedelta(days=3))
        assert await places(platform, hood) == {"outbox_20330303": 24, "outbox_default": 1}
        await platform.rows("toy_days", INSERT, id=ids.new_id(), community=hood.slug)


INSERT = """
    INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body, occurred_at)
    VALUES (:id, :community, 't', 's', 'e', 1, '{}', now()) RETURNING position
"""


def drop(connection: Connection, name: str) -> None:
    connection.execute(text(f"DROP TABLE {name}"))


async def partitions(platform: Platform, table: str) -> list[str]:
    found: list[str] = []

    def look(connection: Connection) -> None:
        names = connection.execute(migrations._PARTITIONS, {"table": table}).scalars()
        found.extend(sorted(one.removeprefix(f"{table}_") for one in names))

    await as_owner(platform, "toy_days", look)
    assert found.pop() == "default"
    return found


async def places(platform: Platform, hood: Neighbourhood) -> dict[str, int]:
    rows = await platform.rows(
        "toy_days",
        "SELECT tableoid::regclass::text AS place, count(*) AS number FROM outbox "
        "WHERE community = :community GROUP BY 1",
        community=hood.slug,
    )
    return {row.place: row.number for row in rows}


def day_of(event_id: UUID) -> datetime:
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


async def learn_keys(apart: Apart, app: FastAPI, hood: Neighbourhood) -> None:
    """Let the toy know the key that tokens of this run are signed with."""
    key = apart.platform.key
    await apart.sql(
        "INSERT INTO signing_key (key_id, version, public_key, removed) "
        "VALUES (:id, 1, CAST(:key AS jsonb), false) ON CONFLICT DO NOTHING RETURNING 1",
        id=str(key.kid),
        key=orjson.dumps(key.as_dict(private=False)).decode(),
    )


async def not_ready(app: FastAPI, part: str) -> bool:
    async with client(app) as http:
        return not (await http.get("/readyz")).json()["parts"][part]


async def is_joined(app: FastAPI) -> bool:
    return app.state.service.bus.is_connected


async def sees_events(app: FastAPI) -> bool:
    return await figure(app, "jinlin_outbox_oldest_seconds") > 0


async def leads(apart: Apart) -> bool:
    return bool(await apart.leaders())
