"""The inbox by server-sent events, over real sockets, from replicas of the service."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

import fastapi.routing
import httpx
import pytest
import pytest_asyncio

import shared.live
from services.notify.store import live
from shared import clock, ids
from shared.events import RequestRegistered
from tests.support.platform import Neighbourhood, Person, Platform, eventually
from tests.support.screens import INBOX, Screen, replica


@pytest_asyncio.fixture
async def origin(platform: Platform) -> AsyncGenerator[str]:
    async with replica(platform) as one:
        yield one.origin


@pytest_asyncio.fixture
async def resident(hood: Neighbourhood, platform: Platform) -> Person:
    await platform.app("notify")
    person = await hood.person("resident")
    await hood.arrived("notify", memberships=1)
    return person


async def tell(hood: Neighbourhood, who: Person, *, times: int = 1) -> None:
    for _ in range(times):
        await hood.platform.tell(
            RequestRegistered(
                community=hood.slug,
                occurred_at=clock.now(),
                version=1,
                request_id=ids.new_id(),
                number="WH-2026-000001",
                cycle=1,
                category="repair",
                requester_id=who.id,
                filed_by=who.id,
            )
        )


async def test_a_notice_arrives_as_it_is_made(
    origin: str, hood: Neighbourhood, resident: Person
) -> None:
    async with Screen.at(origin, resident) as screen:
        await screen.hears(unread=0)
        await tell(hood, resident)
        await screen.hears(notices=1, unread=1)
    (event,) = [one for one in screen.heard if one["event"] == "notice"]
    assert event["id"] == event["data"]["id"]
    assert event["data"]["title"] == "已受理"
    assert event["data"]["community"] == hood.slug


async def test_a_stream_hears_what_other_replicas_make_and_read(
    origin: str, hood: Neighbourhood, resident: Person, platform: Platform
) -> None:
    other = await hood.person("resident")
    async with (
        replica(platform) as second,
        Screen.at(origin, resident) as here,
        Screen.at(second.origin, resident) as there,
        Screen.at(second.origin, other) as neighbour,
    ):
        for screen in (here, there, neighbour):
            await screen.hears(unread=0)
        await tell(hood, resident, times=5)
        for screen in (here, there):
            await screen.hears(notices=5, unread=5)
        async with await platform.client("notify", resident.token) as client:
            answer = await client.post("/inbox/read", json={"up_to": here.notices[-1]})
            assert answer.json() == {"count": 0}
        for screen in (here, there):
            await screen.hears(unread=0)
        assert here.notices == there.notices == sorted(here.notices)
        assert (neighbour.notices, neighbour.unread) == ([], [0])


async def test_a_stream_goes_on_after_the_last_event_it_saw(
    origin: str, hood: Neighbourhood, resident: Person
) -> None:
    async with Screen.at(origin, resident) as screen:
        await screen.hears(unread=0)
        await tell(hood, resident, times=2)
        await screen.hears(notices=2)
    first = screen.notices[0]
    await tell(hood, resident)
    async with Screen.at(origin, resident, after=first) as again:
        await again.hears(notices=2, unread=3)
        await tell(hood, resident)
        await again.hears(notices=3, unread=4)
    assert again.notices[0] == screen.notices[1]
    assert first not in again.notices
    async with Screen.at(origin, resident) as fresh:
        await fresh.hears(unread=4)
        assert fresh.notices == []


async def test_a_long_absence_is_made_up_in_small_pieces(
    origin: str, hood: Neighbourhood, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ROOM", 3)
    await tell(hood, resident, times=11)
    async with Screen.at(origin, resident, after=str(UUID(int=0))) as screen:
        await screen.hears(notices=11, unread=11)
    assert len(set(screen.notices)) == 11
    assert screen.notices == sorted(screen.notices)


async def test_a_stream_lives_through_the_loss_of_its_connection(
    origin: str, hood: Neighbourhood, resident: Person, platform: Platform
) -> None:
    async with Screen.at(origin, resident) as screen:
        await screen.hears(unread=0)
        await platform.rows(
            "notify",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'live' AND datname = 'notify'",
        )
        await tell(hood, resident)
        await screen.hears(notices=1, unread=1)


async def test_a_stream_ends_with_its_token(
    origin: str, hood: Neighbourhood, resident: Person, platform: Platform
) -> None:
    almost_over = int(time.time()) - 58  # a minute of leeway is given: two seconds are left
    membership = {hood.slug: {"roles": ["resident"]}}
    token = platform.token(resident.id, membership, exp=almost_over)
    async with Screen.at(origin, Person(resident.id, token)) as screen:
        await screen.hears(unread=0)
        await screen.ends()


async def test_a_quiet_stream_is_kept_open_by_comments(
    origin: str, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.05)
    async with Screen.at(origin, resident) as screen:

        async def pinged() -> bool:
            return screen.pings > 2

        await eventually(pinged)


async def test_a_stream_without_a_good_start_is_refused(origin: str, resident: Person) -> None:
    async with httpx.AsyncClient(base_url=f"{origin}/api/notify") as client:
        assert (await client.get("/inbox/stream")).status_code == 401
        headers = {"authorization": f"Bearer {resident.token}", "last-event-id": "nonsense"}
        assert (await client.get("/inbox/stream", headers=headers)).status_code == 422


async def test_somebody_with_many_screens_is_asked_to_close_some(
    origin: str, resident: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.live, "MOST_STREAMS_OF_ONE", 1)
    async with Screen.at(origin, resident) as first, httpx.AsyncClient(base_url=origin) as client:
        await first.hears(unread=0)
        headers = {"authorization": f"Bearer {resident.token}"}
        answer = await client.get(INBOX, headers=headers)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (
            429,
            "too-many-streams",
        )


async def test_a_stream_that_is_left_leaves_nothing_behind(
    hood: Neighbourhood, resident: Person, platform: Platform
) -> None:
    async with replica(platform) as one:
        open_streams = one.app.state.live._streams
        async with Screen.at(one.origin, resident) as screen:
            await screen.hears(unread=0)
            assert list(open_streams) == [resident.id]

        async def gone() -> bool:
            return not open_streams

        await eventually(gone)


async def test_open_streams_do_not_delay_the_stop(resident: Person, platform: Platform) -> None:
    async with replica(platform) as one, Screen.at(one.origin, resident) as screen:
        await screen.hears(unread=0)
        assert await one.stop() < 2
        await screen.ends()


async def test_a_process_stops_at_once_with_a_stream_open(
    resident: Person, platform: Platform
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.notify",
        env=os.environ
        | {
            "JINLIN_DATABASE_URL": platform.databases.address("notify"),
            "JINLIN_NATS_URL": platform.servers.nats_url,
            "JINLIN_PORT": str(port),
        },
    )
    origin = f"http://127.0.0.1:{port}"
    try:

        async def ready() -> bool:
            with suppress(httpx.TransportError):
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"{origin}/readyz")).status_code == 200
            return False

        await eventually(ready, seconds=20)
        async with Screen.at(origin, resident) as screen:
            await screen.hears(unread=0)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await process.wait()
            assert time.monotonic() - began < 2
            await screen.ends()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
