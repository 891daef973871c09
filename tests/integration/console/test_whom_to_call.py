"""The number to call: said at the register, shown at home and on slips."""

import re
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.settings import Settings
from tests.integration.console.forms import Reader, remarks
from tests.integration.console.test_resident_pages import filed, reading
from tests.integration.console.test_sign_in_page import SITE, account, browser, signed_in

PHONE = "010-0123 4567"
CALL = re.compile(r'href="tel:([^"]+)">')


@pytest_asyncio.fixture(scope="module")
async def whole(directory) -> AsyncGenerator[FastAPI]:
    asked = ("directory", "requests", "notify")
    origin = OneOrigin({service: await directory.platform.app(service) for service in asked})
    app = create_app(Settings(origin=SITE), transport=httpx.ASGITransport(origin))
    async with app.router.lifespan_context(app):
        yield app


async def said(console: FastAPI, town, place: str, phone: str, **more: str) -> httpx.Response:
    """Staff write a number into the form of a place; the page that follows."""
    staff = await account(town, "community_staff")
    async with browser(console) as client:
        await signed_in(client, staff)
        reader = Reader(client, town.slug)
        path = f"register/places/{place}/service-phone"
        answer = await reader.send(await reader.page(path), path, phone=phone, **more)
        if answer.status_code != 303:
            return answer
        return await reader.page(answer.headers["location"])


async def test_a_number_is_said_once_and_called_from_home(whole, town) -> None:
    grid = await town.place("grid", title="第一网格")
    who = await account(town, place_id=grid["id"])
    async with reading(whole, town, who) as reader:
        assert not CALL.search((await reader.page("")).text)
        page = await said(whole, town, grid["id"], f" {PHONE} ")
        assert "已保存" in page.text
        assert f"<dd>{PHONE} " in page.text
        home = (await reader.page("")).text
        assert CALL.findall(home) == ["01001234567"]
        assert PHONE in home
        assert "第一网格" in home
        assert "已保存" in (await said(whole, town, grid["id"], "")).text
        assert not CALL.search((await reader.page("")).text)


@pytest.mark.parametrize("typed", ["110", '"><script>alert(1)</script>', "javascript:alert(1)"])
async def test_what_is_no_number_is_told_beside_the_field(whole, town, typed: str) -> None:
    page = await said(whole, town, str(town.root_id), typed)
    assert page.status_code == 422
    assert set(remarks(page)) == {"phone"}
    assert "<script>alert" not in page.text


async def test_an_old_page_does_not_overwrite_what_somebody_said_meanwhile(whole, town) -> None:
    await said(whole, town, str(town.root_id), PHONE)
    page = await said(whole, town, str(town.root_id), "12345", version="1")
    assert page.status_code == 412
    assert 'value="12345"' in page.text
    assert 'name="version" value="2"' in page.text


async def test_a_building_has_no_line(whole, town) -> None:
    building = await town.place("building")
    async with browser(whole) as client:
        await signed_in(client, await account(town, "community_staff"))
        page = await Reader(client, town.slug).page(f"register/places/{building['id']}")
    assert "service-phone" not in page.text


async def test_a_slip_says_the_communitys_number_on_paper_and_on_its_page(whole, town) -> None:
    async with reading(whole, town) as reader:
        request_id = await filed(reader, town)
        path = f"requests/{request_id}/slip"
        blank = await reader.send(await reader.page(path), path)
        assert 'class="write-in"' in blank.text
        await said(whole, town, str(town.root_id), PHONE)
        paper = await reader.send(await reader.page(path), path)
    assert PHONE in paper.text
    assert 'class="write-in"' not in paper.text
    code = re.search(r'<strong class="code">([0-9A-Z-]{14})<', paper.text)
    assert code
    async with browser(whole) as stranger:
        followed = await stranger.get(f"/f/{code[1]}")
    assert CALL.findall(followed.text) == ["01001234567"]
