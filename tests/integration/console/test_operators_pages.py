"""The operator's pages while services are away: what is there is shown, what is not says so."""

import re
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.settings import Settings
from tests.integration.console.test_sign_in_page import SITE, browser
from tests.integration.directory.conftest import OPERATOR

HERE = ("directory", "requests")
AWAY = ("volunteers", "points", "notify")


@pytest_asyncio.fixture
async def page(directory) -> AsyncGenerator[httpx.AsyncClient]:
    """The operator's browser; three services are away."""
    origin = OneOrigin({name: await directory.platform.app(name) for name in HERE})

    async def half(scope, receive, send) -> None:
        if scope["path"].split("/")[2] in AWAY:
            raise httpx.ConnectError("away")
        await origin(scope, receive, send)

    app = create_app(Settings(origin=SITE), transport=httpx.ASGITransport(half))
    async with app.router.lifespan_context(app), browser(app) as client:
        first = (await client.get("/")).text
        token = re.search(r'name="form_token" value="([^"]+)"', first)
        assert token
        answer = await client.post("/sign-in", data=OPERATOR | {"form_token": token[1]})
        assert answer.status_code == 303, answer.text
        yield client


@pytest.mark.parametrize("path", ["/operator/services", "/operator/letters"])
async def test_a_service_that_is_away_says_so_and_the_others_are_shown(page, path) -> None:
    answer = await page.get(path)
    assert answer.status_code == 200
    assert answer.text.count('class="missing"') == len(AWAY)
    for name in AWAY:
        section = re.search(rf'<section id="[a-z]+-{name}".*?</section>', answer.text, re.DOTALL)
        assert section
        assert 'class="missing"' in section[0]


async def test_a_letter_of_a_service_that_is_away(page) -> None:
    answer = await page.get("/operator/letters/points/1")
    assert (answer.status_code, answer.text.count('class="missing"')) == (200, 1)
    back = await page.get("/operator/letters/points/1/replay")
    assert (back.status_code, back.headers["location"]) == (303, "/operator/letters/points/1")


async def test_communities_are_there_when_nobody_counts(page, town, monkeypatch) -> None:
    monkeypatch.setattr(f"{__name__}.AWAY", (*AWAY, "requests"))
    answer = await page.get("/operator")
    assert answer.status_code == 200
    assert answer.text.count('class="missing"') == 1
    assert f'href="/in/{town.slug}/register/map"' in answer.text
    assert (await page.get("/operator/communities.csv")).status_code == 503
    found = await page.get(f"/in/{town.slug}/register/map")
    assert (found.status_code, found.text.count('class="missing"')) == (200, 1)
