"""A resolved request that nobody answers closes by itself, once, and is nobody's praise."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from deploy import services
from services.requests import actions
from services.requests import app as requests
from shared import clock
from shared.events import RequestClosed, RequestReopened
from shared.service import Service
from tests.integration.requests.test_queues import FEW, analyse, bury, read
from tests.support.desk import Desk
from tests.support.platform import Platform, eventually
from tests.support.silence import ALL_AT_ONCE, TIME_PASSES, everywhere, sweep, time_passes

WEEK = timedelta(days=7)


WAS_AWAY = """
    UPDATE watch SET seen_at = seen_at - interval '16 minutes' WHERE name = 'silence' RETURNING 1
"""
AN_HOUR_PASSES = """
    UPDATE watch SET rests_until = now() - interval '1 s' WHERE name = 'silence' RETURNING 1
"""


@asynccontextmanager
async def another_replica(platform: Platform) -> AsyncGenerator[Service]:
    """The service, started once more."""
    settings = services.settings(
        "requests",
        database_url=platform.databases.address("requests"),
        nats_url=platform.servers.nats_url,
    )
    app = services.create_app("requests")(settings)
    async with app.router.lifespan_context(app):
        yield app.state.service


async def unanswered(desk: Desk) -> UUID:
    """A request that has just been resolved."""
    return await desk.resolved(await desk.hood.person("volunteer"))


async def seen(desk: Desk, request_id: UUID) -> dict:
    return (await desk.get(desk.resident, f"/requests/{request_id}")).json()


async def test_it_is_announced_and_then_it_closes_by_itself(desk: Desk, platform: Platform) -> None:
    request_id = await unanswered(desk)
    resolved = await seen(desk, request_id)
    left = datetime.fromisoformat(resolved["closes_at"]) - clock.now()
    assert WEEK - timedelta(minutes=5) < left <= WEEK
    code = (await desk.post(desk.staff, f"/{request_id}/slip")).json()["code"]
    async with await platform.client("requests") as client:
        slip = (await client.get(f"/follow-up/{code}")).json()
        assert slip["closes_at"] == resolved["closes_at"]
        await sweep(platform.databases)
        assert (await seen(desk, request_id))["status"] == "resolved"
        await sweep(platform.databases, request_id)
        closed = await seen(desk, request_id)
        assert [closed[one] for one in ("status", "closed_as", "closes_at", "stars")] == [
            "closed", "timeout", None, None,
        ]  # fmt: skip
        assert closed["version"] == resolved["version"] + 1
        followed = (await client.get(f"/follow-up/{code}")).json()
    assert [(one["kind"], one["via"]) for one in followed["steps"][-2:]] == [
        ("slip_printed", None), ("closed", "timeout"),
    ]  # fmt: skip
    assert followed["choices"] == {"confirm": False, "not_solved": True, "rate": True}
    (told,) = await platform.told(RequestClosed, request_id=request_id)
    assert (told.closed_as, told.closed_by, told.points_rule) == ("timeout", None, "standard")
    assert (told.version, told.work[0].service_minutes) == (closed["version"], 40)
    history = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    last = history[-1]
    assert (last["kind"], last["by"], last["via"], last["note"]) == ("closed", None, "timeout", "")


async def test_whoever_asked_still_rates_it_and_opens_it_again(
    desk: Desk, platform: Platform
) -> None:
    request_id = await unanswered(desk)
    await sweep(platform.databases, request_id)
    assert (await desk.post(desk.staff, f"/{request_id}/rate", {"stars": 5})).status_code == 403
    queue = (await desk.get(desk.staff, "/requests?queue=to_call_back")).json()["items"]
    assert [one["id"] for one in queue] == [str(request_id)]
    rated = await desk.post(desk.resident, f"/{request_id}/rate", {"stars": 2})
    assert rated.json()["stars"] == 2
    again = await desk.post(desk.resident, f"/{request_id}/not-solved", {"reason": "还漏"})
    assert (again.json()["status"], again.json()["cycle"]) == ("accepted", 2)
    assert await platform.told(RequestReopened, request_id=request_id)


async def test_replicas_that_sweep_at_once_close_each_request_once(
    desk: Desk, platform: Platform
) -> None:
    helper = await desk.hood.person("volunteer")
    due = [await desk.resolved(helper) for _ in range(6)]
    await time_passes(platform.databases, *due)
    await asyncio.gather(*(sweep(platform.databases, limit=2) for _ in range(8)))
    await asyncio.gather(*(sweep(platform.databases) for _ in range(4)))
    for request_id in due:
        assert len(await platform.told(RequestClosed, request_id=request_id)) == 1
        history = (await desk.get(desk.staff, f"/requests/{request_id}/history")).json()
        assert [one["kind"] for one in history].count("closed") == 1
        assert (await seen(desk, request_id))["version"] == history[-1]["version"]


async def test_whoever_is_just_answering_is_passed_over(desk: Desk, platform: Platform) -> None:
    request_id = await unanswered(desk)
    await time_passes(platform.databases, request_id)
    async with everywhere(platform.databases) as tx:
        change = actions.Change(desk.hood.slug, request_id, desk.resident.id)
        await actions.say_not_solved(tx, change, reason="还漏")
        await sweep(platform.databases)
    await sweep(platform.databases)
    assert await platform.told(RequestClosed, request_id=request_id) == []
    now = await seen(desk, request_id)
    assert (now["status"], now["cycle"], now["closes_at"]) == ("in_progress", 1, None)


async def test_only_what_is_resolved_is_swept(desk: Desk, platform: Platform) -> None:
    confirmed, reopened = await unanswered(desk), await unanswered(desk)
    for request_id in (confirmed, reopened):
        await desk.post(desk.resident, f"/{request_id}/close")
    await desk.post(desk.resident, f"/{reopened}/reopen", {"reason": "又坏了"})
    late = "UPDATE service_request SET closes_at = now() WHERE id = ANY(:ids) RETURNING 1"
    assert len(await platform.rows("requests", late, ids=[confirmed, reopened])) == 2
    await sweep(platform.databases)
    found = [await seen(desk, one) for one in (confirmed, reopened)]
    assert [(one["status"], one["closed_as"]) for one in found] == [
        ("closed", "requester"),
        ("accepted", None),
    ]


async def test_silence_is_neither_on_time_nor_satisfied(desk: Desk, platform: Platform) -> None:
    verified, silent = await unanswered(desk), await unanswered(desk)
    await desk.post(desk.verifier, f"/{verified}/verify", {"passed": True})
    due = "UPDATE service_request SET due_at = now() WHERE id = ANY(:ids) RETURNING 1"
    assert len(await platform.rows("requests", due, ids=[verified, silent])) == 2
    before = (await desk.get(desk.staff, "/stats/overview")).json()
    await sweep(platform.databases, verified, silent)
    after = (await desk.get(desk.staff, "/stats/overview")).json()
    assert [(one["processing"], one["total_solved"]) for one in (before, after)] == [(2, 0), (0, 2)]
    on_time = {"numerator": 1, "denominator": 2, "rate": 0.5}
    unrated = {"numerator": 0, "denominator": 0, "rate": None}
    for figures in (before, after):
        assert figures["on_time_completion_rate"] == on_time
        assert figures["satisfaction_rate"] == unrated


async def test_a_service_that_starts_closes_what_was_due_meanwhile(
    desk: Desk, platform: Platform
) -> None:
    request_id = await unanswered(desk)
    await time_passes(platform.databases, request_id)
    async with another_replica(platform):
        closed = await desk.status(request_id, "closed")
    assert closed["closed_as"] == "timeout"


async def test_for_an_hour_after_the_service_was_away_nothing_closes(
    desk: Desk, platform: Platform
) -> None:
    request_id = await unanswered(desk)
    async with another_replica(platform) as replica:

        async def has_looked() -> bool:
            return bool(await platform.rows("requests", "SELECT FROM watch"))

        await eventually(has_looked)
        assert await requests.sweep(replica) is not None
        await platform.rows("requests", WAS_AWAY)
        try:
            await time_passes(platform.databases, request_id)
            assert await requests.sweep(replica) is None
            assert await requests.sweep(replica) is None  # nor a minute later
            assert (await seen(desk, request_id))["status"] == "resolved"
            [[left]] = await platform.rows("requests", "SELECT rests_until - now() FROM watch")
            assert timedelta(minutes=55) < left <= timedelta(hours=1)
        finally:
            await platform.rows("requests", AN_HOUR_PASSES)
        assert await requests.sweep(replica) is not None
        assert (await desk.status(request_id, "closed"))["closed_as"] == "timeout"


async def test_what_a_former_version_has_resolved_is_given_its_week(
    desk: Desk, platform: Platform
) -> None:
    request_id, announced = await unanswered(desk), await unanswered(desk)
    before = await seen(desk, announced)
    forget = "UPDATE service_request SET closes_at = NULL WHERE id = ANY(:ids) RETURNING 1"
    assert len(await platform.rows("requests", forget, ids=[request_id])) == 1
    async with another_replica(platform):

        async def has_its_moment() -> str | None:
            return (await seen(desk, request_id))["closes_at"]

        moment = await eventually(has_its_moment)
    left = datetime.fromisoformat(moment) - clock.now()
    assert WEEK - timedelta(minutes=5) < left <= WEEK
    assert await seen(desk, announced) == before


async def test_a_sweep_reads_little_however_much_is_done(desk: Desk, platform: Platform) -> None:
    await bury(desk, platform)
    request_id = await unanswered(desk)
    await analyse(platform)
    async with everywhere(platform.databases) as tx:
        await tx.change(TIME_PASSES, {"ids": [request_id]})
        before = await read(tx)
        assert await actions.close_by_silence(tx, limit=ALL_AT_ONCE) >= 1
        assert await read(tx) - before < FEW
    assert (await seen(desk, request_id))["status"] == "closed"
