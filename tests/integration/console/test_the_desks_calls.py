"""What the desk asks the services: as much for many rows as for one; each part may be missing."""

from collections import Counter
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.settings import Settings
from tests.integration.console.test_pages_by_role import file
from tests.integration.console.test_sign_in_page import SITE, account, browser, signed_in
from tests.support.platform import eventually

MOST_CALLS = 9
"""Six for the table, its queues and its names; the rest for what every page asks."""


class Asked(httpx.AsyncBaseTransport):
    """The services, which count what they are asked; some of them may be silent."""

    def __init__(self, origin: OneOrigin) -> None:
        self._origin = httpx.ASGITransport(origin)
        self.calls: Counter[str] = Counter()
        self.silent: frozenset[str] = frozenset()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = request.url.path.split("/")[2]
        self.calls[service] += 1
        if service in self.silent:
            raise httpx.ConnectError("nobody there")
        return await self._origin.handle_async_request(request)


@pytest_asyncio.fixture(scope="module")
async def asked(directory) -> Asked:
    services = ("directory", "requests", "volunteers")
    return Asked(OneOrigin({one: await directory.platform.app(one) for one in services}))


@pytest_asyncio.fixture(scope="module")
async def console(asked: Asked) -> AsyncGenerator[FastAPI]:
    app = create_app(Settings(origin=SITE), transport=asked)
    async with app.router.lifespan_context(app):
        yield app


async def counted(asked: Asked, client: httpx.AsyncClient, path: str) -> int:
    """How many calls a page makes, once it is whole."""

    async def whole() -> int:
        asked.calls.clear()
        page = await client.get(path)
        assert page.status_code == 200
        return 0 if 'class="missing"' in page.text else asked.calls.total()

    return await eventually(whole)


async def test_a_page_of_many_makes_as_many_calls_as_a_page_of_one(asked, console, town) -> None:
    who = await account(town, "community_staff")
    async with browser(console) as client:
        await signed_in(client, who)
        desk = f"/in/{town.slug}/desk"
        await file(town, description="灯不亮")
        await counted(asked, client, desk)  # the first one learns the community's name
        of_one = await counted(asked, client, desk)
        for number in range(12):
            person = await town.person("resident", name=f"居民{number}")
            await file(town, description=f"第{number}件", requester_id=person["id"])
        of_many = await counted(asked, client, desk)
        page = await client.get(desk)
    assert page.text.count('class="row code"') == 13
    assert of_many == of_one <= MOST_CALLS


@pytest.mark.parametrize("silent", ["directory", "requests", "volunteers"])
async def test_whatever_is_silent_the_desk_shows_the_rest(asked, console, town, silent) -> None:
    who = await account(town, "community_staff")
    await file(town, description="三楼灯不亮")
    async with browser(console) as client:
        await signed_in(client, who)
        desk = f"/in/{town.slug}/desk"
        await counted(asked, client, desk)
        number = (await client.get(desk)).text.partition('class="row code" href="')[2]
        opened = number.partition('"')[0].replace("&amp;", "&")
        asked.silent = frozenset({silent})
        try:
            page = await client.get(desk if silent == "requests" else opened)
        finally:
            asked.silent = frozenset()
    assert page.status_code == 200
    assert 'class="missing"' in page.text
    assert ("三楼灯不亮" in page.text) is (silent != "requests")


async def test_only_an_empty_desk_tells_how_to_begin(asked, console, town) -> None:
    who = await account(town, "community_staff")
    async with browser(console) as client:
        await signed_in(client, who)
        desk = f"/in/{town.slug}/desk"
        await counted(asked, client, desk)
        assert "开始使用" in (await client.get(desk)).text
        assert "开始使用" not in (await client.get(f"{desk}?after={town.root_id}")).text
        asked.silent = frozenset({"requests"})
        try:
            page = await client.get(desk)
        finally:
            asked.silent = frozenset()
    assert 'class="missing"' in page.text
    assert "开始使用" not in page.text
