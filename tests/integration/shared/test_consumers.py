"""Every event has its effect once, and no bad one holds the others."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import nats as nats_py
import orjson
import pytest
import structlog
from faststream import AckPolicy
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from deploy import services
from shared import broker, clock, ids, topology
from shared.broker import PromptSubscriber
from shared.database import Unreachable
from shared.events import UNSTAMPED
from shared.problems import NotAllowed, NotYet
from shared.reasons import reason_of
from tests.support.platform import TEST_LIMITS, Neighbourhood, Platform, eventually
from tests.support.toy import app as toy_app
from tests.support.toy.behaviour import behaviour
from tests.support.toy.events import Returned, Thrown, thrown
from tests.support.toy.running import (
    BALLS,
    STREAM,
    Toy,
    provision,
    told_on_bus,
)

FULL_DEAD_LETTERS = topology._dead_letters(TEST_LIMITS) | {"max_bytes": 1}


async def throw(toy: Toy, ball: Thrown, **headers: str) -> None:
    """Publish a ball under a message id that the bus has not seen."""
    await toy.platform.publish(
        ball.subject,
        ball.model_dump_json().encode(),
        {"ce-type": ball.type(), "ce-id": str(ball.event_id), "Nats-Msg-Id": str(ids.new_id())}
        | headers,
    )


async def attempted(toy: Toy, event_id: UUID, attempts: int) -> None:
    """Wait until so many attempts have failed."""

    async def parked() -> bool:
        return [one.attempts for one in await toy.parked(event_id)] == [attempts]

    await eventually(parked)


async def make_due(toy: Toy, event_id: UUID) -> None:
    await toy.rows("UPDATE retry SET next_at = now() WHERE event_id = :id RETURNING 1", id=event_id)


class TestBatches:
    async def test_a_batch_is_one_transaction(self, toy: Toy, hood: Neighbourhood) -> None:
        balls = [thrown(hood.slug) for _ in range(20)]
        go_on = await hold_consumer(toy, thrown(hood.slug))
        for one in balls:
            await throw(toy, one)
        go_on.set()
        effects = [(await toy.once_caught(one.ball_id))[0] for one in balls]
        assert len({one.transaction for one in effects}) == 1
        in_order = sorted(effects, key=lambda one: one.number)
        assert [one.event_id for one in in_order] == [one.event_id for one in balls]

    async def test_an_event_twice_in_a_batch_has_one_effect(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball, blocker = thrown(hood.slug), thrown(hood.slug)

        async def throw_twice() -> None:
            await throw(toy, ball)
            await throw(toy, ball)

        behaviour.meanwhile[blocker.ball_id] = throw_twice
        await throw(toy, blocker)
        assert len(await toy.once_caught(ball.ball_id)) == 1
        assert behaviour.attempts[ball.ball_id] == 1

    async def test_a_failing_event_waits_and_its_mates_go_on(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        balls = [thrown(hood.slug) for _ in range(5)]
        blocker = thrown(hood.slug)
        bad = balls[2]
        behaviour.fail(bad.ball_id, *[RuntimeError("not now")] * 9)

        async def throw_all() -> None:
            for one in balls:
                await throw(toy, one)

        behaviour.meanwhile[blocker.ball_id] = throw_all
        before = clock.now()
        await throw(toy, blocker)
        for one in balls:
            if one is not bad:
                assert len(await toy.once_caught(one.ball_id)) == 1
        await attempted(toy, bad.event_id, 1)
        (parked,) = await toy.parked(bad.event_id)
        assert 0.7 < (parked.next_at - before).total_seconds() < 5
        assert parked.reason == "RuntimeError"
        assert not await toy.caught(bad.ball_id)
        behaviour.failures.pop(bad.ball_id)


class TestOnce:
    async def test_a_duplicate_of_an_event_has_no_effect(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball, last = thrown(hood.slug), thrown(hood.slug)
        for _ in range(20):
            await throw(toy, ball)
        await throw(toy, last)
        await toy.once_caught(last.ball_id)
        assert len(await toy.caught(ball.ball_id)) == 1
        assert len(await toy.platform.told(Returned, ball_id=ball.ball_id)) == 1

    async def test_a_lost_ack_brings_the_event_again_and_its_effect_stays_one(
        self, toy: Toy, hood: Neighbourhood, platform: Platform
    ) -> None:
        """The connection ends between the commit and the ack: the bus must deliver again."""
        ball, blocker = thrown(hood.slug), thrown(hood.slug)
        go_on = await hold_consumer(toy, blocker)
        await throw(toy, ball)
        dying = await nats_py.connect(platform.servers.nats_url)
        consumer = toy_app.create_app(toy.service.settings).state.service.consumers[BALLS]
        pull = await dying.jetstream().pull_subscribe_bind(consumer=BALLS, stream=STREAM)
        (message,) = await pull.fetch(1)
        behaviour.meanwhile[ball.ball_id] = dying.close
        with pytest.raises(NatsError):
            await consumer.take([message])
        assert len(await toy.caught(ball.ball_id)) == 1
        go_on.set()
        await eventually(lambda: nothing_pending(toy))
        assert len(await toy.caught(ball.ball_id)) == 1
        assert behaviour.attempts[ball.ball_id] == 1

    async def test_a_crash_before_the_commit_brings_the_event_again(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        """Whoever took it never answers: after `ack_wait` it comes to the next one."""
        ball, blocker = thrown(hood.slug), thrown(hood.slug)
        go_on = await hold_consumer(toy, blocker)
        await throw(toy, ball)
        pull = await toy.platform.nats.jetstream().pull_subscribe_bind(BALLS, stream=STREAM)
        assert len(await pull.fetch(1)) == 1
        await pull.unsubscribe()
        go_on.set()
        assert len(await toy.once_caught(ball.ball_id)) == 1
        await eventually(lambda: nothing_pending(toy))


class TestAttempts:
    async def test_a_passing_failure_ends_in_one_effect(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball = thrown(hood.slug)
        behaviour.fail(ball.ball_id, RuntimeError("once"), RuntimeError("in the batch too"))
        await throw(toy, ball)
        await attempted(toy, ball.event_id, 1)
        await make_due(toy, ball.event_id)
        assert len(await toy.once_caught(ball.ball_id)) == 1
        assert not await toy.parked(ball.event_id)
        assert len(await toy.platform.told(Returned, ball_id=ball.ball_id)) == 1

    async def test_what_has_not_arrived_yet_is_waited_for(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball = thrown(hood.slug)
        behaviour.fail(ball.ball_id, NotYet(), NotYet())
        await throw(toy, ball)
        await attempted(toy, ball.event_id, 1)
        await make_due(toy, ball.event_id)
        assert len(await toy.once_caught(ball.ball_id)) == 1

    async def test_the_sixth_failure_makes_a_dead_letter(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball = thrown(hood.slug)
        behaviour.fail(ball.ball_id, *[RuntimeError("never")] * 20)
        await throw(toy, ball)
        for attempts in range(1, 6):
            await attempted(toy, ball.event_id, attempts)
            await make_due(toy, ball.event_id)
        (letter,) = await toy.buried(hood.slug)
        assert orjson.loads(letter["body"]) == orjson.loads(ball.model_dump_json())
        assert letter["headers"]["jinlin-reason"] == "RuntimeError"
        assert letter["headers"]["ce-id"] == str(ball.event_id)
        await eventually(lambda: is_empty(toy.parked(ball.event_id)))
        assert not await toy.caught(ball.ball_id)

    async def test_the_waits_grow(self, toy: Toy, hood: Neighbourhood) -> None:
        ball = thrown(hood.slug)
        behaviour.fail(ball.ball_id, *[RuntimeError("never")] * 20)
        await throw(toy, ball)
        for attempts, seconds in enumerate((1, 5, 30, 120, 300), start=1):
            await attempted(toy, ball.event_id, attempts)
            (left,) = await toy.rows(
                "SELECT extract(epoch FROM next_at - now()) AS seconds FROM retry "
                "WHERE event_id = :id",
                id=ball.event_id,
            )
            assert seconds * 0.8 - 2 < left.seconds <= seconds * 1.2
            await make_due(toy, ball.event_id)

    async def test_a_rule_that_says_no_makes_a_dead_letter_at_once(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball, mate = thrown(hood.slug), thrown(hood.slug)
        behaviour.fail(ball.ball_id, NotAllowed(), NotAllowed())
        await throw(toy, ball)
        await throw(toy, mate)
        (letter,) = await toy.buried(hood.slug)
        assert letter["headers"]["jinlin-reason"] == "NotAllowed (not-allowed)"
        assert letter["headers"]["jinlin-consumer"] == BALLS
        assert len(await toy.once_caught(mate.ball_id)) == 1
        assert not await toy.parked(ball.event_id)

    async def test_a_parked_event_that_nobody_can_read_any_more_is_buried(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        """A contract may have changed while it waited; the others must not wait behind it."""
        ball, mate = thrown(hood.slug), thrown(hood.slug)
        for one in (ball, mate):
            behaviour.fail(one.ball_id, *[RuntimeError("not now")] * 2)
            await throw(toy, one)
            await attempted(toy, one.event_id, 1)
        await toy.rows(
            "UPDATE retry SET body = '{}', next_at = now() - interval '1 minute' "
            "WHERE event_id = :id RETURNING 1",
            id=ball.event_id,
        )
        await make_due(toy, mate.event_id)
        assert len(await toy.once_caught(mate.ball_id)) == 1
        (letter,) = await toy.buried(hood.slug)
        assert letter["headers"]["jinlin-reason"].startswith("malformed cn.jinlin.toy.thrown.v1")
        await eventually(lambda: is_empty(toy.parked(ball.event_id)))


def body_of(ball: Thrown, *, without: str = "", **changes: object) -> bytes:
    body = orjson.loads(ball.model_dump_json()) | changes
    return orjson.dumps({name: value for name, value in body.items() if name != without})


POISON: dict[str, tuple[Callable[[Thrown], bytes], dict[str, str], str]] = {
    "not JSON": (lambda one: b"{", {}, "malformed"),
    "no bytes": (lambda one: b"", {}, "malformed"),
    "not UTF-8": (lambda one: b"\xff\xfe", {}, "malformed"),
    "deeper than any": (lambda one: b"[" * 20_000, {}, "malformed"),
    "a field is missing": (lambda one: body_of(one, without="ball_id"), {}, "malformed"),
    "a field of another kind": (lambda one: body_of(one, version="first"), {}, "malformed"),
    "an unknown type": (
        body_of, {"ce-type": "cn.jinlin.toy.eaten.v1"}, "unknown type"
    ),
    "no type": (body_of, {"ce-type": ""}, "unknown type"),
    "another type": (
        body_of, {"ce-type": Returned.type()}, "the envelope does not fit"
    ),
    "another community": (
        lambda one: body_of(one, community="elsewhere"), {}, "the envelope does not fit"
    ),
    "no id": (
        lambda one: body_of(one, event_id=str(UNSTAMPED)), {}, "the envelope does not fit"
    ),
}  # fmt: skip


class TestPoison:
    async def test_it_is_buried_as_it_came_and_holds_nobody(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        jetstream = toy.platform.nats.jetstream()
        before = await jetstream.consumer_info(STREAM, BALLS)
        sent: list[tuple[bytes, str]] = []
        for spoil, headers, reason in POISON.values():
            ball = thrown(hood.slug)
            sent.append((spoil(ball), reason))
            usual = {"ce-type": ball.type(), "ce-id": str(ball.event_id)}
            await toy.platform.publish(ball.subject, spoil(ball), usual | headers)
        good = thrown(hood.slug)
        await throw(toy, good)
        assert len(await toy.once_caught(good.ball_id)) == 1
        letters = await toy.buried(hood.slug, len(POISON))
        assert len(letters) == len(POISON)
        for letter, (body, reason) in zip(letters, sent, strict=True):
            assert letter["body"] == body
            assert letter["headers"]["jinlin-reason"].startswith(reason)
            assert letter["headers"]["jinlin-subject"] == good.subject
        await eventually(lambda: nothing_pending(toy))
        after = await jetstream.consumer_info(STREAM, BALLS)
        assert before.delivered
        assert after.delivered
        # Each was delivered once, and no more.
        came = after.delivered.consumer_seq - before.delivered.consumer_seq
        assert came == len(POISON) + 1
        assert not await toy.rows("SELECT 1 FROM retry WHERE community = :c", c=hood.slug)

    async def test_reasons_never_repeat_what_is_in_the_body(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball = thrown(hood.slug)
        await toy.platform.publish(
            ball.subject, body_of(ball, version="call 13800001111"), {"ce-type": ball.type()}
        )
        (letter,) = await toy.buried(hood.slug)
        assert "13800001111" not in letter["headers"]["jinlin-reason"]


class TestLiveness:
    async def test_none_of_a_trickle_comes_late(
        self,
        toy: Toy,
        hood: Neighbourhood,
        record_testsuite_property: Callable[[str, object], None],
    ) -> None:
        balls = [thrown(hood.slug) for _ in range(300)]
        thrown_at: dict[UUID, float] = {}
        for one in balls:
            thrown_at[one.ball_id] = time.monotonic()
            await throw(toy, one)

        async def all_caught() -> bool:
            return thrown_at.keys() <= behaviour.caught_at.keys()

        await eventually(all_caught)
        took = [behaviour.caught_at[ball] - at for ball, at in thrown_at.items()]
        record_testsuite_property("trickle_p50_ms", round(statistics.median(took) * 1000, 1))
        record_testsuite_property("trickle_max_ms", round(max(took) * 1000, 1))
        assert max(took) < 2

    async def test_none_comes_late_to_a_consumer_that_waits(
        self,
        toy: Toy,
        hood: Neighbourhood,
        record_testsuite_property: Callable[[str, object], None],
    ) -> None:
        """One at a time: each finds the fetch of the one before over, and a new one waiting."""
        took: list[float] = []
        for _ in range(60):
            ball = thrown(hood.slug)
            at = time.monotonic()
            await throw(toy, ball)

            async def is_caught(ball_id: UUID = ball.ball_id) -> bool:
                return ball_id in behaviour.caught_at

            await eventually(is_caught)
            took.append(behaviour.caught_at[ball.ball_id] - at)
        record_testsuite_property("waiting_p50_ms", round(statistics.median(took) * 1000, 1))
        assert max(took) < 2

    async def test_a_deleted_consumer_is_noticed_and_works_again_when_it_is_back(
        self, toy: Toy, hood: Neighbourhood, platform: Platform
    ) -> None:
        ball = thrown(hood.slug)
        await throw(toy, ball)
        await toy.once_caught(ball.ball_id)
        assert await ready(toy)
        await platform.nats.jetstream().delete_consumer(STREAM, BALLS)

        async def noticed() -> bool:
            answer = await toy.client().get("/readyz")
            return answer.status_code == 503 and not answer.json()["parts"]["consumers"]

        await eventually(noticed)
        late = thrown(hood.slug)
        await throw(toy, late)
        await provision(platform.nats)
        assert len(await toy.once_caught(late.ball_id)) == 1
        await eventually(lambda: ready(toy))
        await eventually(lambda: nothing_pending(toy))
        # The new consumer brought the whole stream once more.
        assert len(await toy.caught(ball.ball_id)) == 1

    async def test_while_the_database_is_away_nothing_counts_as_an_attempt(
        self, toy: Toy, hood: Neighbourhood, platform: Platform
    ) -> None:
        """Its role may not sign in, and whoever was inside is thrown out."""
        ball = thrown(hood.slug)
        server = await asyncpg.connect(platform.databases.server)
        try:
            await server.execute("ALTER ROLE toy NOLOGIN")
            await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'toy'"
            )
            await throw(toy, ball)
            jetstream = platform.nats.jetstream()

            async def taken() -> bool:
                return (await jetstream.consumer_info(STREAM, BALLS)).num_ack_pending > 0

            await eventually(taken)
        finally:
            await server.execute("ALTER ROLE toy LOGIN")
            await server.close()
        assert len(await toy.once_caught(ball.ball_id)) == 1
        assert behaviour.attempts[ball.ball_id] == 1
        assert not await toy.rows("SELECT 1 FROM retry WHERE community = :c", c=hood.slug)

    async def test_who_waits_for_the_database_is_not_started_anew(
        self, toy: Toy, hood: Neighbourhood, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would let go of what it holds, and that would come again after ack_wait only."""
        monkeypatch.setattr(broker, "STALLED_SECONDS", 1)
        bus = toy.service.bus
        looks: dict[int, object] = {}
        server = await asyncpg.connect(platform.databases.server)
        with structlog.testing.capture_logs() as logs:
            try:
                await server.execute("ALTER ROLE toy NOLOGIN")
                await server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'toy'"
                )
                await throw(toy, ball := thrown(hood.slug))

                async def looked_at_for_longer() -> bool:
                    lag = bus.lags.get(BALLS)
                    if lag is not None and lag.unacknowledged:
                        looks[id(bus.lags)] = bus.lags
                    return len(looks) * broker.WATCH_SECONDS > 2 * broker.STALLED_SECONDS

                await eventually(looked_at_for_longer)
            finally:
                await server.execute("ALTER ROLE toy LOGIN")
                await server.close()
            assert len(await toy.once_caught(ball.ball_id)) == 1
        started = [one["consumer"] for one in logs if one["event"] == "bus.consumer_stalled"]
        assert BALLS not in started

    async def test_the_database_lost_half_way_settles_each_event_once(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        first, second, blocker = (thrown(hood.slug) for _ in range(3))
        behaviour.fail(second.ball_id, RuntimeError("the batch falls apart"), Unreachable())
        before = await delivered(toy)
        go_on = await hold_consumer(toy, blocker)
        await throw(toy, first)
        await throw(toy, second)
        go_on.set()
        assert len(await toy.once_caught(second.ball_id)) == 1
        await eventually(lambda: nothing_pending(toy))
        assert len(await toy.caught(first.ball_id)) == 1
        assert behaviour.attempts[first.ball_id] == 2  # in the batch, and alone
        assert await delivered(toy) - before == 3
        assert not await toy.rows("SELECT 1 FROM retry WHERE community = :c", c=hood.slug)

    async def test_an_error_of_the_handler_is_no_outage_of_the_database(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        for error in (TimeoutError, ConnectionResetError, NatsTimeout):
            ball = thrown(hood.slug)
            behaviour.fail(ball.ball_id, error(), error())
            await throw(toy, ball)
            await attempted(toy, ball.event_id, 1)
            (parked,) = await toy.parked(ball.event_id)
            assert parked.reason == error.__name__

    async def test_a_long_pass_one_by_one_keeps_the_events_that_wait_in_it(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        balls, blocker = [thrown(hood.slug) for _ in range(5)], thrown(hood.slug)
        behaviour.fail(balls[-1].ball_id, RuntimeError("the batch falls apart"))
        go_on = await hold_consumer(toy, blocker)
        for one in balls:
            behaviour.meanwhile[one.ball_id] = lambda: asyncio.sleep(0.8)  # a slow handler
            await throw(toy, one)
        go_on.set()
        await toy.once_caught(blocker.ball_id)
        other = await toy.platform.nats.jetstream().pull_subscribe_bind(BALLS, stream=STREAM)
        with pytest.raises(TimeoutError):  # longer than ack_wait: nobody else gets any of them
            await other.fetch(1, timeout=3.5)
        await other.unsubscribe()
        for one in balls:
            assert len(await toy.once_caught(one.ball_id)) == 1
        await eventually(lambda: nothing_pending(toy))


class TestDeadLettersRefused:
    async def test_what_cannot_be_buried_holds_nobody_and_is_buried_later(
        self, toy: Toy, hood: Neighbourhood, platform: Platform
    ) -> None:
        refused, good, blocker = (thrown(hood.slug) for _ in range(3))
        behaviour.fail(refused.ball_id, *[NotAllowed()] * 100)
        go_on = await hold_consumer(toy, blocker)
        await topology._put_stream(platform.nats, FULL_DEAD_LETTERS)
        try:
            poison = thrown(hood.slug)
            await toy.platform.publish(poison.subject, b"{", {"ce-type": poison.type()})
            await throw(toy, refused)
            await throw(toy, good)
            go_on.set()
            assert len(await toy.once_caught(good.ball_id)) == 1
            await eventually(lambda: pending_are(toy, 2))
        finally:
            await provision(platform.nats)
        assert len(await toy.buried(hood.slug, 2)) == 2
        await eventually(lambda: nothing_pending(toy))
        assert behaviour.attempts[good.ball_id] <= 2


class TestReasons:
    async def test_what_the_database_refused_is_told_nowhere(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        """The driver repeats the value that does not fit; who reads logs must not see it."""
        error = await refused(toy, "SELECT CAST(:n AS bigint)", n="13800001111")
        assert "13800001111" in str(error)
        ball = thrown(hood.slug)
        behaviour.fail(ball.ball_id, *[error] * 20)
        with structlog.testing.capture_logs() as logs:
            await throw(toy, ball)
            for attempts in range(1, 6):
                await attempted(toy, ball.event_id, attempts)
                (parked,) = await toy.parked(ball.event_id)
                assert parked.reason == "DataError (22000)"
                await make_due(toy, ball.event_id)
            (letter,) = await toy.buried(hood.slug)
        assert letter["headers"]["jinlin-reason"] == "DataError (22000)"
        failures = [one for one in logs if one["event"] == "consumer.failed"]
        assert len(failures) == 6
        assert "behaviour.py" in str(failures)
        assert "13800001111" not in str(logs)

    async def test_a_refusal_of_the_server_has_its_code(self, toy: Toy) -> None:
        assert reason_of(await refused(toy, "SELECT 1 / 0")) == "DivisionByZeroError (22012)"


class TestTraces:
    async def test_what_an_event_causes_joins_its_trace(
        self, toy: Toy, hood: Neighbourhood, platform: Platform
    ) -> None:
        spans: Any = InMemorySpanExporter()
        toy.service.tracing.add_span_processor(SimpleSpanProcessor(spans))
        balls = [thrown(hood.slug) for _ in range(3)]
        traces = {one.event_id: f"{number:032x}" for number, one in enumerate(balls, start=7)}
        for one in balls:
            await throw(toy, one, traceparent=f"00-{traces[one.event_id]}-00000000000000aa-01")
        for one in balls:
            await toy.once_caught(one.ball_id)
        found = {
            f"{span.context.trace_id:032x}": span
            for span in spans.get_finished_spans()
            if span.name == BALLS
        }
        subject = f"evt.{hood.slug}.toy.returned.v1"

        async def all_on_bus() -> bool:
            return len(await told_on_bus(platform.nats, subject)) == len(balls)

        await eventually(all_on_bus)
        for message in await told_on_bus(platform.nats, subject):
            event = Returned.model_validate_json(message.data or b"")
            assert event.caused_by
            trace = traces[event.caused_by]
            assert message.headers
            _, its_trace, its_span, _ = message.headers["traceparent"].split("-")
            assert its_trace == trace
            assert its_span == f"{found[trace].context.span_id:016x}"
            assert f"{found[trace].parent.span_id:016x}" == "00000000000000aa"


@pytest.mark.parametrize("name", services.SERVICES)
def test_every_subscriber_is_prompt_and_acks_by_hand(name: str) -> None:
    service = services.create_app(name)(services.settings(name)).state.service
    subscribers = service.bus._broker.subscribers
    specs = services.definition(name).consumers.specs
    assert len(subscribers) == len(specs) == len({one.durable for one in specs})
    for one in subscribers:
        assert type(one) is PromptSubscriber
        assert one.ack_policy is AckPolicy.MANUAL
        assert not one.stream.declare
    for spec in specs:
        assert spec.durable.startswith(f"{name}-")
        assert {event.owner for event in spec.events} == {spec.events[0].owner}


async def hold_consumer(toy: Toy, blocker: Thrown) -> asyncio.Event:
    """Keep the running consumer busy with one event until the answer is set."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        arrived.set()
        await go_on.wait()

    behaviour.meanwhile[blocker.ball_id] = hold
    await throw(toy, blocker)
    await arrived.wait()
    return go_on


async def nothing_pending(toy: Toy) -> bool:
    info = await toy.platform.nats.jetstream().consumer_info(STREAM, BALLS)
    return info.num_ack_pending == 0 and info.num_pending == 0


async def refused(toy: Toy, sql: str, **values: object) -> asyncpg.PostgresError:
    """What the toy's database says to a statement that cannot be."""
    database = toy.platform.database(toy.name)
    with pytest.raises(asyncpg.PostgresError) as error:
        async with database.transaction() as tx:
            await tx.execute(text(sql), values)
    await database.close()
    return error.value


async def pending_are(toy: Toy, number: int) -> bool:
    info = await toy.platform.nats.jetstream().consumer_info(STREAM, BALLS)
    return info.num_ack_pending == number and info.num_pending == 0


async def delivered(toy: Toy) -> int:
    """How often the bus has delivered a ball so far."""
    info = await toy.platform.nats.jetstream().consumer_info(STREAM, BALLS)
    assert info.delivered
    return info.delivered.consumer_seq


async def ready(toy: Toy) -> bool:
    return (await toy.client().get("/readyz")).status_code == 200


async def is_empty(asked: Awaitable[list[object]]) -> bool:
    return not await asked
