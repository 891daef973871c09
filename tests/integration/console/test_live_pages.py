"""What a page is told, over real sockets: from the services through the console to a browser."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import httpx
import orjson
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deploy import services
from deploy.local.origin import OneOrigin
from services.console.pages import live
from shared.ids import new_id
from shared.live import MOST_STREAMS_OF_ONE
from tests.support.board import Board
from tests.support.desk import Desk
from tests.support.platform import Neighbourhood, Person, Platform, eventually
from tests.support.screens import QuietServer


@asynccontextmanager
async def served(app: object) -> AsyncGenerator[str]:
    """`app` on a port of its own, without its life span."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
    server = QuietServer(config, stop=lambda: None)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@asynccontextmanager
async def console(origin: str) -> AsyncGenerator[tuple[FastAPI, str]]:
    """A console in front of the services at `origin`."""
    app = services.console(origin)
    async with app.router.lifespan_context(app), served(app) as address:
        try:
            yield app, address
        finally:
            app.state.screens.stopping.set()


@pytest_asyncio.fixture
async def origin(platform: Platform) -> AsyncGenerator[str]:
    apps = {name: await platform.app(name) for name in ("directory", "requests", "notify")}
    async with served(OneOrigin(apps)) as address:
        yield address


@pytest_asyncio.fixture
async def desk(hood: Neighbourhood, platform: Platform) -> Desk:
    await platform.app("notify")
    return await Desk(hood).open()


class Without:
    """An origin where some services are down, as the edge says it."""

    def __init__(self, app: OneOrigin, *services: str) -> None:
        self._app = app
        self._paths = tuple(f"/api/{service}/" for service in services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_down = scope["type"] == "http" and scope["path"].startswith(self._paths)
        app = Response(status_code=502) if is_down else self._app
        await app(scope, receive, send)


class Tab:
    """A browser's tab that listens; what it was told, and whether that is over."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.status = 0
        self.over = False

    async def listen(self, address: str, who: Person, hood: Neighbourhood, last: str) -> None:
        cookie = f"session={int(time.time()) + 600}~refresh~{who.token}"
        headers = {"cookie": cookie} | ({"last-event-id": last} if last else {})
        path = f"{address}/in/{hood.slug}/live"
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream("GET", path, headers=headers) as answer,
        ):
            self.status = answer.status_code
            event: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                elif "event" in event:
                    self.told.append(event)
                    event = {}
        self.over = True

    async def hears(self, event: str, **data: object) -> dict[str, str]:
        """The first event of that kind that says so."""

        async def heard() -> dict[str, str] | None:
            found = [one for one in self.told if one["event"] == event]
            return next((one for one in found if data.items() <= _data(one).items()), None)

        return await eventually(heard)

    async def ends(self) -> None:
        async def over() -> bool:
            return self.over

        await eventually(over, seconds=5)


def _data(event: dict[str, str]) -> dict[str, object]:
    return orjson.loads(event["data"])


@asynccontextmanager
async def tab(
    address: str, who: Person, hood: Neighbourhood, last: str = ""
) -> AsyncGenerator[Tab]:
    one = Tab()
    listening = asyncio.create_task(one.listen(address, who, hood, last))
    try:
        yield one
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await listening


async def test_a_page_is_told_and_comes_back_to_another_console(
    origin: str, desk: Desk, hood: Neighbourhood
) -> None:
    async with AsyncExitStack() as stack:
        app, address = await stack.enter_async_context(console(origin))
        page = await stack.enter_async_context(tab(address, desk.resident, hood))
        await page.hears("unread", count=0)
        first = str(await desk.submitted())
        told = await page.hears("changed", of="requests", id=first)
        assert set(_data(told)) == {"of", "id"}
        await desk.post(desk.staff, f"/{first}/register", {})
        await page.hears("changed", of="notices", id=first)
        last = (await page.hears("unread", count=1))["id"]
        app.state.screens.stopping.set()
        await page.ends()
    missed = str(await desk.submitted())
    async with console(origin) as (_, address), tab(address, desk.resident, hood, last) as again:
        await again.hears("changed", of="requests", id=missed)
        await again.hears("unread", count=1)
        assert all(_data(one).get("of") != "notices" for one in again.told)


async def test_who_cannot_be_told_hears_so_at_once(
    platform: Platform, origin: str, desk: Desk, hood: Neighbourhood
) -> None:
    apps = {name: await platform.app(name) for name in ("directory", "requests")}
    stranger = await (await platform.community()).person("resident")
    async with AsyncExitStack() as stack:
        _, whole = await stack.enter_async_context(console(origin))
        without = await stack.enter_async_context(served(OneOrigin(apps)))
        _, part = await stack.enter_async_context(console(without))
        for address, who, status in ((whole, stranger, 404), (part, desk.resident, 404)):
            page = await stack.enter_async_context(tab(address, who, hood))
            await page.ends()
            assert (page.status, page.told) == (status, [])


async def test_pages_that_were_left_take_no_room(
    origin: str, desk: Desk, hood: Neighbourhood
) -> None:
    async with console(origin) as (_, address):
        for _ in range(MOST_STREAMS_OF_ONE + 2):
            async with tab(address, desk.resident, hood) as page:
                await page.hears("unread", count=0)


async def test_a_helper_is_told_of_tasks_too_and_a_resident_is_not(
    platform: Platform, desk: Desk, hood: Neighbourhood
) -> None:
    apps = {name: await platform.app(name) for name in ("requests", "volunteers", "notify")}
    board = await Board(hood).open()
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(served(OneOrigin(apps)))
        _, address = await stack.enter_async_context(console(origin))
        helper = await stack.enter_async_context(tab(address, board.helper, hood))
        resident = await stack.enter_async_context(tab(address, desk.resident, hood))
        await helper.hears("told", of=["requests", "notices", "tasks"])
        await resident.hears("told", of=["requests", "notices"])
        task = await board.listed()
        await helper.hears("changed", of="tasks", id=None)
        await board.done(board.helper, task, "claim")
        last = (await helper.hears("changed", of="tasks", id=task["id"]))["id"]
        await board.done(board.helper, task, "check-in")
        again = await stack.enter_async_context(tab(address, board.helper, hood, last))
        await again.hears("changed", of="tasks", id=task["id"])
    assert [one for one in resident.told if _data(one).get("of") == "tasks"] == []


async def test_what_a_service_would_tell_is_left_out_while_it_is_away(
    platform: Platform, desk: Desk, hood: Neighbourhood, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the page comes again soon, with its place kept."""
    apps = {name: await platform.app(name) for name in ("requests", "notify")}
    monkeypatch.setattr(live, "AGAIN_SECONDS", 4.0)
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(served(Without(OneOrigin(apps), "notify")))
        _, address = await stack.enter_async_context(console(origin))
        after = f"{new_id()}~{new_id()}~"
        page = await stack.enter_async_context(tab(address, desk.resident, hood, after))
        await page.hears("told", of=["requests"])
        first = str(await desk.submitted())
        heard = await page.hears("changed", of="requests", id=first)
        assert heard["id"].split("~")[1:] == after.split("~")[1:]
        await page.ends()


async def test_where_nothing_is_told_the_page_hears_so(
    platform: Platform, desk: Desk, hood: Neighbourhood
) -> None:
    apps = {name: await platform.app(name) for name in ("requests", "notify")}
    async with AsyncExitStack() as stack:
        away = Without(OneOrigin(apps), "requests", "notify")
        _, address = await stack.enter_async_context(
            console(await stack.enter_async_context(served(away)))
        )
        page = await stack.enter_async_context(tab(address, desk.resident, hood))
        await page.ends()
        assert (page.status, page.told) == (503, [])
