"""The operator's commands on a running platform, on which one request has gone all its way."""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from rich.console import Console

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY, demo_community
from deploy.local.binaries import postgres_install
from deploy.services import SERVICES
from shared import ids
from tests.support.jinlin import jinlin, one_sentence
from tests.support.operating import Operator, bus, operating
from tests.support.platform import eventually
from tests.support.story import Story


@pytest_asyncio.fixture(scope="module")
async def operator() -> AsyncGenerator[Operator]:
    async with operating() as one:
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


async def test_nothing_is_restored_under_running_services_or_over_data_by_accident(
    operator: Operator, tmp_path: Path
) -> None:
    backup, where = tmp_path / "backup", ("--data", operator.platform.folder)
    backup.mkdir(mode=0o755)
    await operator.types("backup", backup)
    assert all(one.stat().st_mode & 0o077 == 0 for one in backup.glob("*.dump"))
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


async def test_no_sign_in_and_no_one_time_code_is_in_a_backup(
    operator: Operator, tmp_path: Path
) -> None:
    await operator.types("backup", tmp_path / "backup", "--service", "directory")
    program = [postgres_install() / "bin" / "pg_restore", "--file=-"]
    program.append(tmp_path / "backup" / "directory.dump")
    dump = await asyncio.to_thread(subprocess.check_output, program, text=True)
    assert "COPY public.person " in dump
    for table in ("refresh_token", "invitation"):
        assert await operator.asks("directory", f"SELECT FROM {table}")
        assert f"COPY public.{table} " not in dump


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
        await stream.publish(subject, b"no event at all")
        forgotten = ids.first_id_at(datetime.now(UTC) - timedelta(days=38))
        await stream.publish(subject, b"{}", headers=headers | {"ce-id": str(forgotten)})

        async def buried() -> bool:
            return (await stream.stream_info("DLQ")).state.messages == 3

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
        assert broken == {"every dead letter is settled": 2}
    assert "names no event" in await operator.types("dlq", "replay", 2)
    assert "0 of 0" in await operator.types("dlq", "replay", 3)
    assert "2 dismissed" in await operator.types("dlq", "dismiss", 1, 2, "--reason", "a test")
    assert await operator.broken() == {}
    assert "malformed" not in await operator.types("dlq", "list")
    everything = await operator.types("dlq", "list", "--all")
    assert (everything.count("dismissed"), everything.count("too old")) == (2, 1)


async def test_a_dead_letter_goes_back_to_its_consumer_once_the_cause_is_mended(
    operator: Operator,
) -> None:
    awards = await operator.awards()
    await closes_by(operator, "heard-of-later")
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
    await makes_rule(operator, "heard-of-later")
    assert "1 of 1 go back" in await operator.types(*replay)
    assert await operator.broken() == {}
    assert await operator.awards() == awards + 1
    assert "0 of 0" in await operator.types(*replay)
    assert "worked in" in await operator.types("dlq", "list", "--all")


async def test_the_api_and_the_terminal_know_the_same_of_a_letter(operator: Operator) -> None:
    awards = await operator.awards()
    await closes_by(operator, "never-heard-of")
    async with api(operator) as client:
        [letter] = await open_letters(client, "points")
        assert letter["reason"].startswith("RuleUnknown")
        assert f"{letter['number']} " in await operator.types("dlq", "list")
        await makes_rule(operator, "never-heard-of")
        path = f"/points/operations/dead-letters/{letter['number']}"
        assert (await client.post(f"{path}/replay")).status_code == 200
        assert await operator.broken() == {}
        assert await operator.awards() == awards + 1
        assert await open_letters(client, "points") == []
        assert (await client.post(f"{path}/replay")).status_code == 409

        first, second = await two_poisons(operator, client)
        assert await operator.broken(within=0) == {"every dead letter is settled": 2}
        path = f"/notify/operations/dead-letters/{first}/dismiss"
        assert (await client.post(path, json={"reason": "by the api"})).status_code == 200
        await operator.types("dlq", "dismiss", second, "--reason", "by hand")
        assert await operator.broken() == {}
        assert await open_letters(client, "notify") == []
        query = {"settled": True, "limit": 2}
        answer = await client.get("/notify/operations/dead-letters", params=query)
        told = [(one["state"], one["dismissed"]["reason"]) for one in answer.json()["items"]]
        assert sorted(told) == [("dismissed", "by hand"), ("dismissed", "by the api")]


async def closes_by(operator: Operator, rule: str) -> None:
    """Close a request whose rule the ledger does not know; its event becomes a dead letter."""
    sign_ins = await demo_community(operator.platform, Console(quiet=True))
    change = "UPDATE category SET points_rule = $1 WHERE code = 'repair'"
    await operator.asks("requests", change, rule)
    async with Api(operator.platform.origin) as client:
        await (await Story.of(client, sign_ins)).whole()
    await operator.asks("requests", change, "standard")
    await operator.fails_for_good("RuleUnknown")


async def makes_rule(operator: Operator, rule: str) -> None:
    await operator.asks(
        "points",
        "INSERT INTO rule (community, code, version, valid_from, points_base, points_per_hour,"
        " largest_points) VALUES ('demo', $1, 1, '2020-01-01', 1, 1, 9)",
        rule,
    )


@asynccontextmanager
async def api(operator: Operator) -> AsyncGenerator[httpx.AsyncClient]:
    """The services' APIs, as the operator."""
    token = (await operator.types("token", "operator")).strip()
    headers = {"authorization": f"Bearer {token}"}
    address = f"{operator.platform.origin}/api"
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        yield client


async def open_letters(client: httpx.AsyncClient, service: str) -> list[Any]:
    answer = await client.get(f"/{service}/operations/dead-letters")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def two_poisons(operator: Operator, client: httpx.AsyncClient) -> list[int]:
    """The numbers of two letters that notify has buried."""
    async with bus(operator) as nats:
        for _ in range(2):
            headers = {"ce-type": "cn.jinlin.points.awarded.v1", "ce-id": str(ids.new_id())}
            await nats.jetstream().publish(
                f"evt.{COMMUNITY}.points.awarded.v1", b"{}", headers=headers
            )

    async def both() -> list[int]:
        found = [one["number"] for one in await open_letters(client, "notify")]
        return found if len(found) == 2 else []

    return await eventually(both)
