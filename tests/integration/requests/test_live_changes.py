"""Which requests change, by server-sent events over real sockets, from replicas of the service."""

import time
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

import shared.live
from shared.ids import new_id
from tests.support.desk import Desk
from tests.support.platform import Neighbourhood, Person, Platform, eventually
from tests.support.screens import Screen, replica


@pytest_asyncio.fixture
async def origin(platform: Platform) -> AsyncGenerator[str]:
    async with replica(platform, "requests") as one:
        yield one.origin


def path(hood: Neighbourhood) -> str:
    return f"/api/requests/{hood.slug}/live"


async def test_staff_hear_of_every_request_and_others_of_their_own(
    origin: str, desk: Desk, hood: Neighbourhood, platform: Platform
) -> None:
    neighbour = await hood.person("resident")
    elsewhere = await Desk(await platform.community()).open()
    async with (
        replica(platform, "requests") as second,
        Screen.at(origin, desk.staff, path=path(hood)) as staff,
        Screen.at(second.origin, desk.resident, path=path(hood)) as resident,
        Screen.at(origin, neighbour, path=path(hood)) as other,
    ):
        for screen in (staff, resident, other):
            await screen.opens()
        asked = str(await desk.submitted())
        await elsewhere.submitted()
        for screen in (staff, resident):
            await screen.hears_of(asked)
        asking = {"category": "repair", "description": "门坏了", "place_id": str(desk.place)}
        theirs = (await desk.post(neighbour, "", asking)).json()["id"]
        await other.hears_of(theirs)
        await staff.hears_of(theirs)
        assert set(staff.changed) == {asked, theirs}
        assert set(resident.changed) == {asked}
        assert set(other.changed) == {theirs}


async def test_each_version_is_told_once_and_nothing_but_ids(
    origin: str, desk: Desk, hood: Neighbourhood
) -> None:
    async with Screen.at(origin, desk.staff, path=path(hood)) as screen:
        await screen.opens()
        asked = str(await desk.submitted())
        await screen.hears_of(asked)
        await desk.post(desk.staff, f"/{asked}/register", {})
        other = str(await desk.submitted())
        await screen.hears_of(other)
    told = [one for one in screen.heard if one["data"]["id"] == asked]
    assert [one["data"]["version"] for one in told] == [1, 2]
    assert all(set(one["data"]) == {"id", "version"} for one in screen.heard)


async def test_a_stream_goes_on_after_the_last_event_it_saw(
    origin: str, desk: Desk, hood: Neighbourhood
) -> None:
    async with Screen.at(origin, desk.resident, path=path(hood)) as screen:
        await screen.opens()
        first = str(await desk.submitted())
        await screen.hears_of(first)
    missed = str(await desk.submitted())
    last = screen.heard[-1]["id"]
    async with Screen.at(origin, desk.resident, after=last, path=path(hood)) as again:
        await again.hears_of(missed)
        now = str(await desk.submitted())
        await again.hears_of(now)
    async with Screen.at(origin, desk.verifier, after=str(new_id()), path=path(hood)) as staff:
        await staff.hears_of(first, missed, now)  # the last seconds are told again


async def test_a_long_absence_is_told_without_ids(
    origin: str, desk: Desk, hood: Neighbourhood, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.live, "ROOM", 2)
    for _ in range(3):
        await desk.submitted()
    first = str(shared.live.ids.first_id_at(shared.live.clock.now()))
    async with Screen.at(origin, desk.staff, after=first, path=path(hood)) as screen:

        async def heard() -> bool:
            return screen.changed == [None]

        await eventually(heard)


async def test_one_look_serves_everybody_and_nobody_costs_nothing(
    desk: Desk, hood: Neighbourhood, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = shared.live.Live._look

    async def counted(live: shared.live.Live, *given: object) -> None:
        looks.append(len(live._streams))
        await look(live, *given)

    monkeypatch.setattr(shared.live.Live, "_look", counted)
    monkeypatch.setattr(shared.live, "LOOK_SECONDS", 0.01)
    async with replica(platform, "requests") as one:
        async with (
            Screen.at(one.origin, desk.staff, path=path(hood)) as first,
            Screen.at(one.origin, desk.verifier, path=path(hood)) as second,
        ):

            async def both() -> bool:
                return looks.count(2) > 2

            await eventually(both)
            asked = str(await desk.submitted())
            await first.hears_of(asked)
            await second.hears_of(asked)

        async def nobody() -> bool:
            return not one.app.state.live._streams

        await eventually(nobody)
        assert 0 not in looks[:-1]  # the one under way when the last one left


async def test_a_stream_lives_through_the_loss_of_its_connections(
    origin: str, desk: Desk, hood: Neighbourhood, platform: Platform
) -> None:
    async with Screen.at(origin, desk.staff, path=path(hood)) as screen:
        await screen.opens()
        first = str(await desk.submitted())
        await screen.hears_of(first)
        await platform.rows(
            "requests",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = 'requests' AND pid <> pg_backend_pid()",
        )

        async def asks_again() -> bool:
            return (await desk.get(desk.staff, "/requests")).status_code == 200

        await eventually(asks_again)
        asked = str(await desk.submitted())
        await screen.hears_of(asked)


async def test_a_stream_ends_with_its_token(
    origin: str, desk: Desk, hood: Neighbourhood, platform: Platform
) -> None:
    almost_over = int(time.time()) - 58  # a minute of leeway is given: two seconds are left
    membership = {hood.slug: {"roles": ["resident"]}}
    token = platform.token(desk.resident.id, membership, exp=almost_over)
    somebody = Person(desk.resident.id, token)
    async with Screen.at(origin, somebody, path=path(hood)) as screen:
        await screen.ends()


async def test_open_streams_do_not_delay_the_stop(
    desk: Desk, hood: Neighbourhood, platform: Platform
) -> None:
    async with (
        replica(platform, "requests") as one,
        Screen.at(one.origin, desk.staff, path=path(hood)) as screen,
    ):
        await screen.opens()
        assert await one.stop() < 2
        await screen.ends()


async def test_strangers_and_too_many_screens_are_refused_before_the_stream_begins(
    origin: str,
    desk: Desk,
    hood: Neighbourhood,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger = await (await platform.community()).person("community_staff")
    monkeypatch.setattr(shared.live, "MOST_STREAMS_OF_ONE", 1)
    async with (
        Screen.at(origin, desk.staff, path=path(hood)) as first,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        await first.opens()

        async def status(token: str | None) -> int:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return (await client.get(path(hood), headers=headers)).status_code

        assert await status(None) == 401
        assert await status(stranger.token) == 404
        assert await status(desk.staff.token) == 429
        monkeypatch.setattr(shared.live, "MOST_STREAMS", 1)
        assert await status(desk.resident.token) == 503
