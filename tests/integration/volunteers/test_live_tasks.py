"""Which tasks change, by server-sent events over real sockets, from replicas of the service."""

from collections.abc import AsyncGenerator

import httpx
import pytest_asyncio

from shared import ids
from shared.events import RequestCancelled, RequestDispatched, RequestListed, Taker
from tests.support.board import DONE, Board, person
from tests.support.platform import Neighbourhood, Platform
from tests.support.screens import Screen, replica


@pytest_asyncio.fixture
async def origin(platform: Platform) -> AsyncGenerator[str]:
    async with replica(platform, "volunteers") as one:
        yield one.origin


def path(hood: Neighbourhood) -> str:
    return f"/api/volunteers/{hood.slug}/live"


async def test_staff_hear_of_every_task_and_others_of_their_own(
    origin: str, board: Board, hood: Neighbourhood, platform: Platform
) -> None:
    unit = ids.new_id()
    member = await hood.person("organisation_member", organisations=[unit])
    neighbour = await hood.person("resident")
    elsewhere = await Board(await platform.community()).open()
    async with (
        replica(platform, "volunteers") as second,
        Screen.at(origin, board.staff, path=path(hood)) as staff,
        Screen.at(second.origin, board.helper, path=path(hood)) as helper,
        Screen.at(origin, member, path=path(hood)) as colleague,
        Screen.at(origin, neighbour, path=path(hood)) as resident,
    ):
        for screen in (staff, helper, colleague, resident):
            await screen.opens()
        await elsewhere.listed()
        offers = {}
        for taker in (person(board.helper), Taker(kind="organisation", id=unit)):
            request_id = ids.new_id()
            await board.tell(RequestDispatched, request_id, taker=taker)
            offers[taker.id] = (await board.task(request_id))["id"]
        own = (await board.listed(requester_id=neighbour.id))["id"]
        await helper.hears_of(offers[board.helper.id])
        await colleague.hears_of(offers[unit])
        await resident.hears_of(own)
        await staff.hears_of(*offers.values(), own)
    assert set(staff.changed) == {*offers.values(), own}
    assert set(helper.changed) <= {None, offers[board.helper.id]}
    assert set(colleague.changed) <= {None, offers[unit]}
    assert set(resident.changed) == {own}


async def test_whoever_may_take_tasks_hears_that_the_list_is_another_one(
    origin: str, board: Board, hood: Neighbourhood
) -> None:
    other = await hood.person("volunteer")
    async with (
        Screen.at(origin, board.helper, path=path(hood)) as helper,
        Screen.at(origin, other, path=path(hood)) as late,
    ):
        await late.opens()
        await helper.opens()
        task = await board.listed()
        await late.hears_of(None)
        await board.done(board.helper, task, "claim")
        await helper.hears_of(task["id"])
        await board.done(board.helper, task, "check-in")
        await board.done(board.helper, task, "complete", DONE)
        versions = [one["data"]["version"] for one in helper.heard if one["data"]["id"]]
        again = await board.listed()
        async with Screen.at(origin, other, after=late.heard[0]["id"], path=path(hood)) as back:
            await back.hears_of(None)
        await board.done(other, again, "claim")
        await late.hears_of(again["id"])
    assert versions == sorted(set(versions))
    assert set(late.changed) == {None, again["id"]}  # nothing of a task that is another's
    assert all(set(one["data"]) == {"id", "version"} for one in (*helper.heard, *late.heard))


async def test_what_opens_and_ends_by_events_is_told(
    origin: str, board: Board, hood: Neighbourhood
) -> None:
    """No event of this service tells of it."""
    async with Screen.at(origin, board.staff, path=path(hood)) as staff:
        await staff.opens()
        request_id = ids.new_id()
        await board.tell(RequestListed, request_id)
        task = await board.task(request_id)
        await staff.hears_of(task["id"])
        await board.tell(RequestCancelled, request_id, version=4)
        await board.task(request_id, state="void")
        end = (await board.listed())["id"]
        await staff.hears_of(end)
    told = [one["data"]["version"] for one in staff.heard if one["data"]["id"] == task["id"]]
    assert told == [1, 2]


async def test_a_stream_goes_on_after_the_last_change_it_saw(
    origin: str, board: Board, hood: Neighbourhood
) -> None:
    async with Screen.at(origin, board.staff, path=path(hood)) as screen:
        await screen.opens()
        first = await board.listed()
        await screen.hears_of(first["id"])
    missed = await board.listed()
    last = screen.heard[-1]["id"]
    async with Screen.at(origin, board.staff, after=last, path=path(hood)) as again:
        await again.hears_of(missed["id"])
        now = await board.listed()
        await again.hears_of(now["id"])
    assert first["id"] not in again.changed


async def test_strangers_hear_nothing(origin: str, board: Board, platform: Platform) -> None:
    stranger = await (await platform.community()).person("community_staff")
    async with httpx.AsyncClient(base_url=origin) as client:
        for token, status in ((None, 401), (stranger.token, 404)):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answer = await client.get(path(board.hood), headers=headers)
            assert answer.status_code == status
