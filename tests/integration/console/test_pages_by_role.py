"""The first page of every role, in front of the services that it asks."""

from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.settings import Settings
from tests.integration.console.test_sign_in_page import SITE, account, browser, signed_in
from tests.support.platform import eventually

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}{% raw %}</script>"


@pytest_asyncio.fixture(scope="module")
async def whole(directory) -> AsyncGenerator[FastAPI]:
    """A console in front of the services that its first pages ask."""
    asked = ("directory", "requests", "volunteers", "points", "notify")
    origin = OneOrigin({service: await directory.platform.app(service) for service in asked})
    app = create_app(Settings(origin=SITE), transport=httpx.ASGITransport(origin))
    async with app.router.lifespan_context(app):
        yield app


async def file(town, **body: str) -> None:
    """Staff file a request, as soon as its service knows the community."""
    asking = {"category": "repair", "place_id": str(town.root_id)} | body
    async with await town.directory.platform.client("requests", town.staff) as client:

        async def taken() -> bool:
            return (await client.post(f"/{town.slug}/requests", json=asking)).status_code == 201

        await eventually(taken)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_role_has_its_page_and_what_people_wrote_is_text(whole, town, language):
    grid = await town.place("grid", title=HOSTILE[:28])
    await file(town, description=HOSTILE, place_id=grid["id"])
    roles = ("resident", "volunteer", "grid_worker", "community_staff")
    who = await account(town, *roles, name=HOSTILE[:28], place_id=grid["id"])
    async with browser(whole, **{"accept-language": language}) as client:
        await signed_in(client, who)
        for path, shows_request in (("", False), ("tasks", False), ("grid", True), ("desk", True)):

            async def whole_page(path: str = path) -> str:
                page = await client.get(f"/in/{town.slug}/{path}")
                assert page.status_code == 200
                return "" if 'class="missing"' in page.text else page.text

            page = await eventually(whole_page)
            assert f'<html lang="{language}">' in page
            assert "<img" not in page
            assert ("&lt;img src=x onerror=alert(1)&gt;" in page) is shows_request
            assert ("{{ 7*7 }}{% raw %}&lt;/script&gt;" in page) is shows_request
        assert "&lt;img" in (await client.get("/me")).text


async def test_an_operator_sees_every_community_and_how_the_services_are(whole, town):
    operator = {"login_name": "operator", "password": "correct horse battery"}
    async with browser(whole) as client:
        token = (await client.get("/")).text.partition('name="form_token" value="')[2]
        form = operator | {"form_token": token.partition('"')[0]}
        assert (await client.post("/sign-in", data=form)).status_code == 303
        assert (await client.get("/")).headers["location"] == "/operator"
        page = await client.get("/operator")
        desk = await client.get(f"/in/{town.slug}/desk")
    assert page.status_code == 200
    assert "文化路社区" in page.text
    assert 'id="service-points"' in page.text
    assert desk.status_code == 404


async def test_volunteers_by_role_only_are_not_said_to_be_none(whole, town) -> None:
    await town.person("volunteer")
    async with browser(whole) as client:
        await signed_in(client, await account(town, "community_staff"))
        page = await client.get(f"/in/{town.slug}/register/volunteers")
    assert "现在没有可以派活的志愿者" in page.text
    assert "还没有志愿者" not in page.text
