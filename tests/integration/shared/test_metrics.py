"""What a service tells Prometheus is what happens to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from shared import ids
from shared.problems import NotAllowed
from tests.support.figures import families, figure, page_of
from tests.support.platform import Neighbourhood, eventually
from tests.support.toy.behaviour import behaviour
from tests.support.toy.events import Thrown, thrown
from tests.support.toy.running import BALLS, Toy

BOUNDED = {"service", "consumer", "outcome", "operation", "status", "part", "le"}


async def throw(toy: Toy, ball: Thrown) -> None:
    await toy.platform.tell(ball, event_id=ball.event_id)


async def of_balls(toy: Toy, name: str, **labels: str) -> float:
    value = await figure(toy.app, name, consumer=BALLS, **labels)
    assert value is not None, f"{name} is not told"
    return value


@pytest_asyncio.fixture
async def held(toy: Toy, hood: Neighbourhood) -> AsyncIterator[Thrown]:
    """An event that the consumer of the balls is busy with."""
    ball = thrown(hood.slug)
    go_on = asyncio.Event()
    behaviour.meanwhile[ball.ball_id] = go_on.wait
    await throw(toy, ball)
    yield ball
    go_on.set()
    await toy.once_caught(ball.ball_id)


async def test_what_a_consumer_has_before_it(toy: Toy, held: Thrown) -> None:
    async def busy() -> bool:
        return await figure(toy.app, "jinlin_consumer_unacknowledged_events", consumer=BALLS) == 1

    await eventually(busy)
    assert await of_balls(toy, "jinlin_consumer_stalled") == 0
    assert await of_balls(toy, "jinlin_consumer_pending_events") == 0


async def test_what_waits_for_another_attempt_and_for_how_long(
    toy: Toy, hood: Neighbourhood
) -> None:
    await toy.rows("DELETE FROM retry RETURNING 1")  # what another test left to wait

    async def none_waits() -> bool:
        return await of_balls(toy, "jinlin_retry_waiting_events") == 0

    await eventually(none_waits)
    ball = thrown(hood.slug)
    behaviour.fail(ball.ball_id, *[RuntimeError("not now")] * 2)
    parked = await of_balls(toy, "jinlin_events_total", outcome="parked")
    await throw(toy, ball)

    async def waits() -> bool:
        return await of_balls(toy, "jinlin_retry_oldest_seconds") > 0

    await eventually(waits)
    assert await of_balls(toy, "jinlin_retry_waiting_events") == 1
    assert await of_balls(toy, "jinlin_events_total", outcome="parked") == parked + 1
    await toy.rows("UPDATE retry SET next_at = now() RETURNING 1")
    await toy.once_caught(ball.ball_id)
    await eventually(none_waits)
    assert await of_balls(toy, "jinlin_retry_oldest_seconds") == 0


async def test_every_dead_letter_counts(toy: Toy, hood: Neighbourhood) -> None:
    ball = thrown(hood.slug)
    behaviour.fail(ball.ball_id, NotAllowed(), NotAllowed())
    before = await of_balls(toy, "jinlin_events_total", outcome="buried")
    await throw(toy, ball)
    await toy.buried(hood.slug)

    async def counted() -> bool:
        return await of_balls(toy, "jinlin_events_total", outcome="buried") == before + 1

    await eventually(counted)


async def test_which_parts_are_well(toy: Toy) -> None:
    parts = set(await toy.service.parts())

    async def all_well() -> bool:
        told = {one: await figure(toy.app, "jinlin_part_well", part=one) for one in parts}
        return told == dict.fromkeys(parts, 1)

    await eventually(all_well)


async def test_calls_count_by_what_answered_and_how(toy: Toy, hood: Neighbourhood) -> None:
    async def calls(operation: str, status: int) -> float:
        labels = {"operation": operation, "status": str(status)}
        return await figure(toy.app, "jinlin_http_calls_total", **labels) or 0

    async with toy.client(hood.token(ids.new_id(), "resident")) as client:
        before = [await calls("write", 201), await calls("write", 422), await calls("none", 404)]
        assert (await client.post(f"/{hood.slug}/notes", json={"words": "记"})).status_code == 201
        assert (await client.post(f"/{hood.slug}/notes", json={})).status_code == 422
        for path in ("/of/nobody", "/of/nobody/else"):
            assert (await client.get(path)).status_code == 404
    after = [await calls("write", 201), await calls("write", 422), await calls("none", 404)]
    assert after == [before[0] + 1, before[1] + 1, before[2] + 2]
    timed = await figure(toy.app, "jinlin_http_call_seconds_count", operation="write")
    assert timed is not None
    assert timed >= 2


async def test_labels_are_never_of_a_community_a_person_or_a_path(
    toy: Toy, hood: Neighbourhood
) -> None:
    async with toy.client(hood.token(ids.new_id(), "resident")) as client:
        await client.post(f"/{hood.slug}/notes", json={"words": "记"})
    page = await page_of(toy.app)
    assert hood.slug not in page
    told = [sample for family in families(page) for sample in family.samples]
    assert {label for sample in told for label in sample.labels} <= BOUNDED


async def test_a_consumer_is_told_of_before_anything_happens_to_it(toy: Toy) -> None:
    for durable in toy.service.consumers:
        for outcome in ("done", "parked", "buried"):
            labels = {"consumer": durable, "outcome": outcome}
            assert await figure(toy.app, "jinlin_events_total", **labels) is not None
