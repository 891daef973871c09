"""The operator's commands on a running platform, on which one request has gone all its way."""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats
import pytest_asyncio
from rich.console import Console

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY, demo_community
from deploy.local.platform import RunningPlatform, running_platform
from deploy.services import SERVICES
from shared import ids
from tests.support.jinlin import jinlin, one_sentence
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


@pytest_asyncio.fixture(scope="module")
async def operator() -> AsyncGenerator[Operator]:
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as folder:
        async with running_platform(Path(folder) / "data") as platform:
            sign_ins = await demo_community(platform, Console(quiet=True))
            async with Api(platform.origin) as api:
                await (await Story.of(api, sign_ins)).whole()
            one = Operator(platform)

            async def awarded() -> bool:
                return await one.awards() == 1

            await eventually(awarded, seconds=30)
            yield one


async def test_a_token_opens_the_api(operator: Operator) -> None:
    token, stranger = await asyncio.gather(
        operator.types("token", "operator"),
        jinlin("token", "nobody", "--data", operator.platform.folder),
    )
    async with httpx.AsyncClient(base_url=operator.platform.origin) as client:
        me = await client.get(
            "/api/directory/me", headers={"authorization": f"Bearer {token.strip()}"}
        )
    assert me.status_code == 200
    assert me.json()["login_name"] == "operator"
    assert stranger.code == 1
    assert stranger.err.startswith("No password for nobody at http")


async def test_verify_counts_every_invariant(operator: Operator) -> None:
    broken, table = await asyncio.gather(operator.broken(), operator.types("verify"))
    assert broken == {}
    assert all(name in table for name in INVARIANTS)


async def test_verify_sees_an_award_that_is_gone_and_a_balance_that_is_wrong(
    operator: Operator,
) -> None:
    await operator.asks("points", "UPDATE award SET status = 'reversed'")
    await operator.asks(
        "points", "UPDATE account SET balance = balance + 1 WHERE owner_kind = 'person'"
    )
    broken = await operator.broken(within=0)
    await operator.asks("points", "UPDATE award SET status = 'standing'")
    await operator.asks(
        "points", "UPDATE account SET balance = balance - 1 WHERE owner_kind = 'person'"
    )
    assert broken == {
        "one standing award per close, taker and rule": 1,
        "the ledger of each community sums to zero": 1,
        "each balance is the sum of its transfers": 1,
    }
    assert await operator.broken() == {}


async def test_verify_misses_the_award_of_a_rule_that_nobody_knows(operator: Operator) -> None:
    change = "UPDATE service_request SET points_rule = $2 WHERE points_rule = $1"
    [[rule]] = await operator.asks(
        "requests", "SELECT points_rule FROM service_request WHERE status = 'closed'"
    )
    await operator.asks("requests", change, rule, "unheard-of")
    broken = await operator.broken(within=0)
    await operator.asks("requests", change, "unheard-of", rule)
    # One is missing, and the one that stands is for nothing.
    assert broken == {"one standing award per close, taker and rule": 2}
    assert await operator.broken() == {}


async def test_verify_sees_a_close_without_a_notice_and_an_event_that_waits(
    operator: Operator,
) -> None:
    rename = "UPDATE notice SET kind = $2 WHERE kind = $1"
    await operator.asks("notify", rename, "request_closed", "unseen")
    event_id = ids.new_id()
    # It fits no stream: the relay keeps trying, as with a bus that is full.
    await operator.asks(
        "requests",
        "INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body,"
        " occurred_at) VALUES ($1, 'demo', 'stray', 'stray', 'stray', 1, '{}', now())",
        event_id,
    )
    broken = await operator.broken(within=0)
    answer = await jinlin("verify", "--within", 0, "--data", operator.platform.folder)
    names = "at least one notice per close; requests: outbox empty"
    assert answer.out.splitlines()[-1] == f"2 are broken: {names}."
    await operator.asks("requests", "DELETE FROM outbox WHERE event_id = $1", event_id)
    await operator.asks("notify", rename, "unseen", "request_closed")
    assert broken == {"at least one notice per close": 1, "requests: outbox empty": 1}
    assert await operator.broken() == {}
    assert (await operator.types("verify")).splitlines()[-1] == "All hold."


async def test_verify_sees_a_history_that_cannot_be_and_a_notice_of_no_request(
    operator: Operator,
) -> None:
    change = "UPDATE step SET kind = $2 WHERE kind = $1"
    await operator.asks("requests", change, "registered", "reopened")
    move = "UPDATE notice SET request_id = $2 WHERE request_id = $1"
    [[request]] = await operator.asks("notify", "SELECT request_id FROM notice LIMIT 1")
    stray = ids.new_id()
    await operator.asks("notify", move, request, stray)
    broken = await operator.broken(within=0)
    await operator.asks("notify", move, stray, request)
    await operator.asks("requests", change, "reopened", "registered")
    assert broken == {
        "each history is a legal path to where its request stands": 1,
        "tasks, awards and notices are of requests of their community": 1,
    }
    assert await operator.broken() == {}


async def test_nothing_is_restored_under_running_services_or_over_data_by_accident(
    operator: Operator, tmp_path: Path
) -> None:
    backup, where = tmp_path / "backup", ("--data", operator.platform.folder)
    await operator.types("backup", backup)
    again = await jinlin("backup", backup, *where)
    assert "holds a backup already" in one_sentence(again)
    by_accident, running, nothing = await asyncio.gather(
        jinlin("restore", backup, *where),
        jinlin("restore", backup, "--over", *where),
        jinlin("restore", tmp_path, "--over", *where),
    )
    assert "Add --over" in one_sentence(by_accident)
    assert "Stop the services first" in one_sentence(running)
    assert "holds no whole backup" in one_sentence(nothing)
    assert await operator.broken() == {}


async def test_reconciling_refills_a_lost_stream(operator: Operator) -> None:
    async with bus(operator) as client:
        stream = client.jetstream()
        before = (await stream.stream_info("REQUESTS")).state.messages
        await stream.delete_stream("REQUESTS")
        said = await operator.types("reconcile")
        assert f"requests: {before} events will be sent again" in said

        async def full() -> bool:
            return (await stream.stream_info("REQUESTS")).state.messages == before

        await eventually(full, seconds=60)
    assert await operator.broken() == {}


async def test_a_lost_stream_is_made_again_and_refilled_and_nothing_happens_twice(
    operator: Operator,
) -> None:
    awards = await operator.awards()
    async with bus(operator) as client:
        stream = client.jetstream()
        before = (await stream.stream_info("REQUESTS")).state.messages
        await stream.delete_stream("REQUESTS")
        assert "consumers are as they must be" in await operator.types("provision")
        assert (await stream.stream_info("REQUESTS")).state.messages == 0
        yesterday = datetime.now(UTC) - timedelta(days=1)
        said = await operator.types("outbox", "republish", "--since", f"{yesterday:%Y-%m-%d}")
        assert f"requests: {before} events will be sent again" in said

        async def all_taken() -> bool:
            full = (await stream.stream_info("REQUESTS")).state.messages == before
            consumers = await stream.consumers_info("REQUESTS")
            return full and all(not one.num_pending + one.num_ack_pending for one in consumers)

        await eventually(all_taken, seconds=60)
    assert await operator.broken() == {}
    assert await operator.awards() == awards


async def test_republishing_one_service_tells_later_events_only(operator: Operator) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    said = await operator.types(
        *("outbox", "republish", "--service", "points", "--since", f"{tomorrow:%Y-%m-%d}")
    )
    assert said.splitlines() == ["points: 0 events will be sent again"]


async def test_migrating_and_provisioning_again_changes_nothing(operator: Operator) -> None:
    said = await operator.types("migrate")
    assert said.splitlines() == [f"{one}: is at the newest revision" for one in SERVICES]
    assert "consumers are as they must be" in await operator.types("provision")
    assert await operator.broken() == {}


async def test_maintenance_makes_the_partitions_of_the_coming_days(operator: Operator) -> None:
    day = f"{datetime.now(UTC) + timedelta(days=3):%Y%m%d}"
    for table in ("outbox", "inbox"):
        await operator.asks("points", f"DROP TABLE {table}_{day}")
    await operator.types("maintain")
    [[made]] = await operator.asks(
        "points", "SELECT count(*) FROM pg_inherits WHERE inhrelid::regclass::text LIKE $1",
        f"%box_{day}",
    )  # fmt: skip
    assert made == 2


async def test_a_poison_message_is_found_with_its_reason(operator: Operator) -> None:
    async with bus(operator) as client:
        stream = client.jetstream()
        headers = {"ce-type": "cn.jinlin.points.awarded.v1", "ce-id": str(ids.new_id())}
        subject = f"evt.{COMMUNITY}.points.awarded.v1"
        await stream.publish(subject, b'{"points": "many"}', headers=headers)

        async def buried() -> bool:
            return (await stream.stream_info("DLQ")).state.messages > 0

        await eventually(buried, seconds=30)
        listed, shown, missing, broken = await asyncio.gather(
            operator.types("dlq", "list"),
            operator.types("dlq", "show", 1),
            jinlin("dlq", "show", 99, "--data", operator.platform.folder),
            operator.broken(within=0),
        )
        assert "cn.jinlin.points.awarded.v1" in listed
        assert "malformed" in listed
        letter = json.loads(shown)
        assert "malformed" in letter["headers"]["jinlin-reason"]
        assert letter["body"] == '{"points": "many"}'
        assert (missing.code, missing.err.strip()) == (1, "there is no dead letter 99")
        assert broken.keys() == {"every dead letter is settled"}
    assert "names no event" not in await operator.types("dlq", "replay", "--all", "--dry-run")
    assert "1 dismissed" in await operator.types("dlq", "dismiss", 1, "--reason", "a test")
    assert await operator.broken() == {}
    assert "malformed" not in await operator.types("dlq", "list")
    assert "dismissed" in await operator.types("dlq", "list", "--all")


async def test_a_dead_letter_goes_back_to_its_consumer_once_the_cause_is_mended(
    operator: Operator,
) -> None:
    awards = await operator.awards()
    sign_ins = await demo_community(operator.platform, Console(quiet=True))
    change = "UPDATE category SET points_rule = $1 WHERE code = 'repair'"
    await operator.asks("requests", change, "heard-of-later")
    async with Api(operator.platform.origin) as api:
        await (await Story.of(api, sign_ins)).whole()
    await operator.asks("requests", change, "standard")
    await operator.fails_for_good("RuleUnknown")
    assert "every dead letter is settled" in await operator.broken(within=0)

    listed = await operator.types("dlq", "list")
    assert "points-requests-closed" in listed
    replay = ("dlq", "replay", "--consumer", "points-requests-closed")
    assert "would go back" in await operator.types(*replay, "--reason", "Rule", "--dry-run")
    assert "0 of 0" in await operator.types(*replay, "--reason", "another")

    # The cause is still there: it is buried again.
    assert "1 of 1 go back" in await operator.types(*replay)
    assert "0 of 0" in await operator.types(*replay)  # it waits already
    await operator.fails_for_good("RuleUnknown")
    await operator.asks(
        "points",
        "INSERT INTO rule (community, code, version, valid_from, points_base, points_per_hour,"
        " largest_points) VALUES ('demo', 'heard-of-later', 1, '2020-01-01', 1, 1, 9)",
    )
    assert "1 of 1 go back" in await operator.types(*replay)
    assert await operator.broken() == {}
    assert await operator.awards() == awards + 1
    assert "0 of 0" in await operator.types(*replay)
    assert "worked in" in await operator.types("dlq", "list", "--all")
