"""What the operator sees of a service, and how a dead letter comes back."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from shared import dead_letters, ids
from shared.database import ALL_COMMUNITIES
from shared.problems import NotAllowed
from shared.version import VERSION
from tests.support.platform import Neighbourhood, eventually
from tests.support.toy.behaviour import behaviour
from tests.support.toy.events import Thrown, thrown
from tests.support.toy.running import BALLS, STREAM, Toy

LETTERS = "/operations/dead-letters"
PROBLEM = "urn:jinlin:problem:"


@pytest_asyncio.fixture
async def operator(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    token = toy.platform.token(ids.new_id(), platform_roles=["operator"])
    async with toy.client(token) as client:
        # The key is known by then, also where a test takes the database away.
        async def gets_in() -> bool:
            return (await client.get(LETTERS)).status_code == 200

        await eventually(gets_in)
        yield client


async def letters(operator: httpx.AsyncClient, community: str, **query: Any) -> list[Any]:
    """The dead letters of a community, over all pages, newest first."""
    found: list[Any] = []
    while True:
        answer = await operator.get(LETTERS, params={"limit": 100} | query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [one for one in page["items"] if one["community"] == community]
        if page["next"] is None:
            return found
        query["after"] = page["next"]


async def some_letters(operator: httpx.AsyncClient, community: str, number: int = 1) -> list[Any]:
    """The same, as soon as there are so many."""

    async def enough() -> list[Any]:
        found = await letters(operator, community)
        return found if len(found) >= number else []

    return await eventually(enough)


async def throw(toy: Toy, ball: Thrown) -> None:
    await toy.platform.tell(ball, event_id=ball.event_id)


async def buried(toy: Toy, operator: httpx.AsyncClient, community: str) -> tuple[Thrown, Any]:
    """A ball that a rule has refused, and its letter."""
    ball = thrown(community).model_copy(update={"words": "call 13800001111"})
    behaviour.fail(ball.ball_id, NotAllowed(), NotAllowed())
    await throw(toy, ball)
    [letter] = await some_letters(operator, community)
    return ball, letter


async def buried_again(toy: Toy, operator: httpx.AsyncClient, community: str) -> Thrown:
    """A ball that is refused once more when its letter is replayed."""
    ball, letter = await buried(toy, operator, community)
    behaviour.fail(ball.ball_id, NotAllowed(), NotAllowed())
    await operator.post(f"{LETTERS}/{letter['number']}/replay")
    return ball


async def state(operator: httpx.AsyncClient, community: str, number: int) -> str:
    [one] = [
        one for one in await letters(operator, community, settled=True) if one["number"] == number
    ]
    return one["state"]


class TestLetters:
    async def test_a_letter_says_what_and_why_and_nothing_that_was_written(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        ball, letter = await buried(toy, operator, hood.slug)
        number, at = letter.pop("number"), letter.pop("buried_at")
        assert at
        assert letter == {
            "community": hood.slug,
            "consumer": BALLS,
            "event_id": str(ball.event_id),
            "type": ball.type(),
            "subject": ball.subject,
            "reason": "NotAllowed (not-allowed)",
            "attempts": 1,
            "state": "open",
            "dismissed": None,
        }
        assert "13800001111" not in (await operator.get(LETTERS)).text
        on_bus = await toy.platform.nats.jetstream().get_msg("DLQ", number)
        assert (on_bus.headers or {})["ce-id"] == str(ball.event_id)

    async def test_a_replay_has_its_effect_once(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        ball, letter = await buried(toy, operator, hood.slug)
        path, key = f"{LETTERS}/{letter['number']}/replay", {"idempotency-key": str(ids.new_id())}
        first = await operator.post(path, headers=key)
        assert (first.status_code, first.json()["state"]) == (200, "waiting")
        assert len(await toy.once_caught(ball.ball_id)) == 1
        assert await letters(operator, hood.slug) == []
        assert await state(operator, hood.slug, letter["number"]) == "worked_in"
        again = await operator.post(path, headers=key)
        assert (again.status_code, again.json()) == (200, first.json())
        late = await operator.post(path)
        assert (late.status_code, late.json()["type"]) == (409, f"{PROBLEM}letter-settled")
        assert len(await toy.caught(ball.ball_id)) == 1

    async def test_one_that_fails_again_is_open_again(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        ball = await buried_again(toy, operator, hood.slug)

        async def open_again() -> bool:
            found = await letters(operator, hood.slug)
            return [one["state"] for one in found if one["attempts"] == 2] == ["open"]

        await eventually(open_again)
        assert not await toy.parked(ball.event_id)
        newest = (await letters(operator, hood.slug))[0]
        assert (await operator.post(f"{LETTERS}/{newest['number']}/replay")).status_code == 200
        assert len(await toy.once_caught(ball.ball_id)) == 1
        assert await letters(operator, hood.slug) == []

    async def test_what_nobody_can_work_in_is_dismissed_with_a_reason(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        subject = thrown(hood.slug).subject
        await toy.platform.publish(subject, b"call 13800001111", {})
        [letter] = await some_letters(operator, hood.slug)
        assert (letter["event_id"], letter["attempts"]) == (None, 0)
        path = f"{LETTERS}/{letter['number']}"
        refused = await operator.post(f"{path}/replay")
        assert (refused.status_code, refused.json()["type"]) == (409, f"{PROBLEM}nothing-to-replay")
        for body in ({}, {"reason": "  "}, {"reason": "x", "by": "me"}):
            assert (await operator.post(f"{path}/dismiss", json=body)).status_code == 422
        answer = await operator.post(f"{path}/dismiss", json={"reason": "sent by a test"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "dismissed"
        assert answer.json()["dismissed"]["reason"] == "sent by a test"
        assert UUID(answer.json()["dismissed"]["by"])
        assert await letters(operator, hood.slug) == []
        for step, body in (("replay", None), ("dismiss", {"reason": "again"})):
            late = await operator.post(f"{path}/{step}", json=body)
            assert (late.status_code, late.json()["type"]) == (409, f"{PROBLEM}letter-settled")

    async def test_what_is_said_of_an_event_is_said_of_all_its_letters(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        ball = await buried_again(toy, operator, hood.slug)

        async def both_open() -> list[Any]:
            found = await letters(operator, hood.slug)
            return found if [one["state"] for one in found] == ["open", "open"] else []

        newest, oldest = await eventually(both_open)
        assert {newest["event_id"], oldest["event_id"]} == {str(ball.event_id)}
        async with toy.service.workshop.transaction(hood.slug) as tx:
            assert await dead_letters.count_open(tx, [BALLS, "none"]) == {BALLS: 1, "none": 0}
        path = f"{LETTERS}/{newest['number']}/dismiss"
        assert (await operator.post(path, json={"reason": "a test"})).status_code == 200
        assert await letters(operator, hood.slug) == []

    async def test_a_letter_of_another_community_with_its_number_stays(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        """A stream DLQ that was lost begins again at 1."""
        other = await toy.platform.community()
        numbers: list[int] = []
        for community in (other.slug, hood.slug):
            await toy.platform.publish(thrown(community).subject, b"{", {})
            [letter] = await some_letters(operator, community)
            numbers.append(letter["number"])
        await toy.rows(
            "UPDATE dead_letter SET number = :to, buried_at = buried_at - interval '1 day' "
            "WHERE number = :of RETURNING 1",
            to=numbers[1],
            of=numbers[0],
        )
        answer = await operator.post(f"{LETTERS}/{numbers[1]}/dismiss", json={"reason": "a test"})
        assert (answer.status_code, answer.json()["community"]) == (200, hood.slug)
        assert await letters(operator, hood.slug) == []
        assert len(await letters(operator, other.slug)) == 1

    async def test_a_letter_that_is_not_there(self, operator: httpx.AsyncClient) -> None:
        for number, status in ((2**63 - 1, 404), (2**63, 422), (0, 422)):
            answer = await operator.post(f"{LETTERS}/{number}/dismiss", json={"reason": "none"})
            assert answer.status_code == status

    async def test_pages_end_where_the_next_begins(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        for _ in range(5):
            await toy.platform.publish(thrown(hood.slug).subject, b"{", {})
        numbers = [one["number"] for one in await some_letters(operator, hood.slug, 5)]
        assert numbers == sorted(numbers, reverse=True)
        one_by_one = await letters(operator, hood.slug, limit=1)
        assert [one["number"] for one in one_by_one] == numbers
        assert len(await letters(operator, hood.slug, consumer=BALLS)) == 5
        assert await letters(operator, hood.slug, consumer="toy-other") == []


class TestKeeping:
    @pytest.mark.parametrize(
        "headers",
        [
            {"ce-type": "近" * 3_000, "ce-id": "x" * 5_000},
            {"ce-type": "a\x00b", "ce-id": "\x01"},
            {"ce-type": Thrown.type(), "ce-id": str(ids.new_id()), "more": "\x7f"},
        ],
        ids=["long", "unprintable", "beside"],
    )
    async def test_whatever_comes_is_kept_once(
        self,
        toy: Toy,
        hood: Neighbourhood,
        operator: httpx.AsyncClient,
        headers: dict[str, str],
    ) -> None:
        await toy.platform.publish(thrown(hood.slug).subject, b"\x00{", headers)
        [letter] = await some_letters(operator, hood.slug)
        assert len(letter["type"]) <= 500
        await eventually(lambda: settled(toy))
        assert len(await letters(operator, hood.slug)) == 1

    async def test_a_community_that_cannot_be_is_the_platforms(
        self, toy: Toy, operator: httpx.AsyncClient
    ) -> None:
        event_id = str(ids.new_id())
        await toy.platform.publish("evt.A,B'.toy.thrown.v1", b"{", {"ce-id": event_id})

        async def kept() -> bool:
            return event_id in {one["event_id"] for one in await letters(operator, "_")}

        await eventually(kept)

    async def test_poison_that_names_a_parked_event_does_not_take_it_away(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        ball = thrown(hood.slug)
        behaviour.fail(ball.ball_id, *[RuntimeError("not now")] * 2)
        await throw(toy, ball)
        await eventually(lambda: toy.parked(ball.event_id))
        headers = {"ce-type": ball.type(), "ce-id": str(ball.event_id)}
        await toy.platform.publish(ball.subject, b"{", headers)

        async def kept() -> list[Any]:
            return await letters(operator, hood.slug, settled=True)

        assert await eventually(kept)
        assert len(await toy.once_caught(ball.ball_id)) == 1

    async def test_while_the_database_is_away_a_letter_waits_for_it(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        event_id = str(ids.new_id())
        async with without_database(toy):
            await toy.platform.publish(thrown(hood.slug).subject, b"{", {"ce-id": event_id})
            await toy.buried(hood.slug)

            async def waits() -> bool:
                return toy.service.consumers[BALLS].waits

            await eventually(waits)
        assert [one["event_id"] for one in await some_letters(operator, hood.slug)] == [event_id]
        await eventually(lambda: settled(toy))

    async def test_it_is_forgotten_when_the_bus_has_forgotten_it(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        await toy.platform.publish(thrown(hood.slug).subject, b"{", {})
        await toy.platform.publish(thrown(hood.slug).subject, b"[", {})
        new, old = await some_letters(operator, hood.slug, 2)
        await toy.rows(
            "UPDATE dead_letter SET buried_at = now() - interval '91 days' "
            "WHERE number = :number RETURNING 1",
            number=old["number"],
        )
        async with toy.service.workshop.transaction(ALL_COMMUNITIES) as tx:
            await dead_letters.forget_old(tx)
        left = await letters(operator, hood.slug, settled=True)
        assert [one["number"] for one in left] == [new["number"]]


class TestHealth:
    async def test_it_tells_of_parts_outbox_and_consumers(
        self, toy: Toy, hood: Neighbourhood, operator: httpx.AsyncClient
    ) -> None:
        await eventually(lambda: settled(toy))
        before = await health(operator)
        _, letter = await buried(toy, operator, hood.slug)
        waiting = thrown(hood.slug)
        behaviour.fail(waiting.ball_id, *[RuntimeError("not now")] * 20)
        await throw(toy, waiting)
        await eventually(lambda: toy.parked(waiting.event_id))
        now = await health(operator)
        assert (now["service"], now["version"], now["is_ready"]) == ("toy", VERSION, True)
        assert now["parts"] == dict.fromkeys(
            ("database", "migrations", "prepared", "bus", "consumers"), True
        )
        assert now["outbox"]["unsent"] >= 0
        assert now["uptime_seconds"] >= 0
        assert {one["name"] for one in now["consumers"]} == toy.service.consumers.keys()
        was, has = balls(before), balls(now)
        assert (has["stream"], has["waits_for_database"]) == (STREAM, False)
        assert has["lag"]["is_stalled"] is False
        assert has["kept"]["dead_letters"] == was["kept"]["dead_letters"] + 1
        assert has["kept"]["parked"] >= 1
        assert has["kept"]["oldest_parked_at"]
        await operator.post(f"{LETTERS}/{letter['number']}/dismiss", json={"reason": "a test"})
        assert balls(await health(operator))["kept"]["dead_letters"] == was["kept"]["dead_letters"]
        behaviour.failures.pop(waiting.ball_id)

    async def test_without_its_database_it_says_what_it_can(
        self, toy: Toy, operator: httpx.AsyncClient
    ) -> None:
        async with without_database(toy):
            now = await health(operator)
        assert (now["is_ready"], now["parts"]["database"]) == (False, False)
        assert now["outbox"] is None
        assert balls(now)["kept"] is None
        assert balls(now)["lag"]


async def health(operator: httpx.AsyncClient) -> Any:
    async def told() -> Any:
        answer = await operator.get("/operations/health")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found if balls(found)["lag"] else None

    return await eventually(told)


def balls(found: Any) -> Any:
    [one] = [one for one in found["consumers"] if one["name"] == BALLS]
    return one


@asynccontextmanager
async def without_database(toy: Toy) -> AsyncGenerator[None]:
    """Its role may not sign in, and whoever was inside is thrown out."""
    server = await asyncpg.connect(toy.platform.databases.server)
    try:
        await server.execute("ALTER ROLE toy NOLOGIN")
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'toy'"
        )
        yield
    finally:
        await server.execute("ALTER ROLE toy LOGIN")
        await server.close()


async def settled(toy: Toy) -> bool:
    info = await toy.platform.nats.jetstream().consumer_info(STREAM, BALLS)
    return not info.num_pending and not info.num_ack_pending
