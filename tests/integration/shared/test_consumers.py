"""Every event has its effect once, and no bad one holds the others."""

import asyncio
import statistics
import time
from uuid import UUID

import orjson
import pytest
from faststream import AckPolicy
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from deploy import services
from shared import clock, ids
from shared.broker import PromptSubscriber
from shared.events import UNSTAMPED
from shared.problems import NotAllowed, NotYet
from tests.support.platform import TEST_LIMITS, Neighbourhood, Platform, eventually
from tests.support.toy.behaviour import behaviour
from tests.support.toy.events import Returned, Thrown, thrown
from tests.support.toy.running import (
    BALLS,
    STREAM,
    Toy,
    provision,
    running,
    settings,
    told_on_bus,
)


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
    await toy.rows(
        "UPDATE retry SET next_at = now() WHERE event_id = :id RETURNING 1", id=event_id
    )


class TestBatches:
    async def test_a_batch_is_one_transaction(self, toy: Toy, hood: Neighbourhood) -> None:
        balls = [thrown(hood.slug) for _ in range(20)]
        messages = [
            toy.service.bus.nats().publish(
                one.subject,
                one.model_dump_json().encode(),
                headers={"ce-type": one.type(), "Nats-Msg-Id": str(one.event_id)},
            )
            for one in balls
        ]
        blocker = thrown(hood.slug)
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            arrived.set()
            await go_on.wait()

        behaviour.meanwhile[blocker.ball_id] = hold
        await throw(toy, blocker)
        await arrived.wait()
        await asyncio.gather(*messages)  # while the consumer is busy with the first one
        await toy.service.bus.nats().flush()
        go_on.set()
        effects = [(await toy.once_caught(one.ball_id))[0] for one in balls]
        assert len({one.transaction for one in effects}) == 1
        in_order = sorted(effects, key=lambda one: one.number)
        assert [one.event_id for one in in_order] == [one.event_id for one in balls]

    async def test_an_event_twice_in_a_batch_has_one_effect(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        ball, blocker = thrown(hood.slug), thrown(hood.slug)
        behaviour.meanwhile[blocker.ball_id] = lambda: throw_twice()

        async def throw_twice() -> None:
            await throw(toy, ball)
            await throw(toy, ball)

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
        assert "not now" in parked.reason
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
        ball = thrown(hood.slug)
        jetstream = platform.nats.jetstream()
        before = await jetstream.consumer_info(STREAM, BALLS)

        async def end_connection() -> None:
            await toy.service.bus.nats().close()

        configured = settings(platform, "toy", platform.servers.nats_url)
        async with running(configured) as other:
            nats = other.state.service.bus.nats
            await eventually(lambda: is_connected(other))

            async def end_that() -> None:
                # Whichever of the two took the ball loses its connection, if it is this one.
                await nats().close()

            behaviour.meanwhile[ball.ball_id] = end_that
            # Only the other one may take it: ours is busy with another ball.
            blocker = thrown(hood.slug)
            arrived, go_on = asyncio.Event(), asyncio.Event()

            async def hold() -> None:
                arrived.set()
                await go_on.wait()

            behaviour.meanwhile[blocker.ball_id] = hold
            del end_connection
            await throw(toy, blocker)
            await arrived.wait()
            await throw(toy, ball)
            await toy.once_caught(ball.ball_id)
            go_on.set()

            async def delivered_again() -> bool:
                info = await jetstream.consumer_info(STREAM, BALLS)
                assert info.delivered
                assert before.delivered
                more = info.delivered.consumer_seq - before.delivered.consumer_seq
                return more >= 3 and info.num_ack_pending == 0

            await eventually(delivered_again)
        assert len(await toy.caught(ball.ball_id)) == 1


async def is_connected(app) -> bool:
    return app.state.service.bus.is_connected
