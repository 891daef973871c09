"""A copy of one's own data: all of it, in one file, and what is missing is named."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, HTTPException

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.pages import my_data
from services.console.settings import Settings
from tests.integration.console.forms import Reader
from tests.integration.console.test_resident_pages import HOSTILE, filed, reading, resolved
from tests.integration.console.test_sign_in_page import SITE, account, browser, signed_in
from tests.support.platform import eventually

PARTS = ["made_at", "about", "me", "requests", "tasks", "points", "statement", "inbox", "missing"]


def console_of(services: dict[str, FastAPI]) -> FastAPI:
    origin = OneOrigin(services)
    return create_app(Settings(origin=SITE), transport=httpx.ASGITransport(origin))


@pytest_asyncio.fixture(scope="module")
async def services(directory) -> dict[str, FastAPI]:
    asked = ("directory", "requests", "volunteers", "points", "notify")
    return {service: await directory.platform.app(service) for service in asked}


@pytest_asyncio.fixture(scope="module")
async def whole(services) -> AsyncGenerator[FastAPI]:
    app = console_of(services)
    async with app.router.lifespan_context(app):
        yield app


async def copy_of(reader: Reader) -> dict[str, Any]:
    answer = await reader.page("/me/data")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    return json.loads(answer.content)


async def test_the_file_holds_what_the_pages_show_and_of_nobody_else(
    whole, town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(my_data, "AT_ONCE", 1)  # so that every list has several pages
    async with reading(whole, town) as reader, reading(whole, town) as neighbour:
        first, second = [await filed(reader, town, description=HOSTILE) for _ in range(2)]
        others = await filed(neighbour, town, description="邻居的事")
        await resolved(town, first)

        async def told() -> dict[str, Any] | None:
            copy = await copy_of(reader)
            return copy if copy["inbox"] and not copy["missing"] else None

        copy = await eventually(told)
    assert list(copy) == PARTS
    (me,) = copy["me"]
    assert me["name"] == "张桂兰"
    assert [one["community"] for one in me["memberships"]] == [town.slug]
    found = {one["request"]["id"]: one for one in copy["requests"]}
    assert list(found) == [str(second), str(first)]
    assert found[str(first)]["request"]["description"] == HOSTILE
    kinds = [one["kind"] for one in found[str(first)]["history"]]
    assert kinds[0] == "submitted"
    assert "completed" in kinds
    assert [one["account"]["balance"] for one in copy["points"]] == [0]
    assert {one["request_id"] for one in copy["inbox"]} == {str(first)}
    assert str(others) not in json.dumps(copy)


async def test_a_part_whose_service_is_down_is_named_and_the_rest_is_there(services, town) -> None:
    down = FastAPI()

    @down.get("/{path:path}")
    async def refuse(path: str) -> None:
        raise HTTPException(503, path)

    who = await account(town)
    app = console_of(services | {"points": down})
    async with app.router.lifespan_context(app), browser(app) as client:
        await signed_in(client, who)
        copy = await copy_of(Reader(client, town.slug))
    assert (copy["points"], copy["statement"]) == ([], [])
    missing = [(one["part"], one["community"]) for one in copy["missing"]]
    assert missing == [("points", town.slug), ("statement", town.slug)]
    assert all("服务暂时不可用" in one["why"] for one in copy["missing"])
    assert copy["me"][0]["id"] == who.id


async def test_a_list_without_an_end_ends_and_says_so(
    whole, town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(my_data, "AT_ONCE", 1)
    monkeypatch.setattr(my_data, "MOST_PAGES", 2)
    async with reading(whole, town) as reader:
        asked = [str(await filed(reader, town)) for _ in range(3)]
        copy = await copy_of(reader)
    assert [one["request"]["id"] for one in copy["requests"]] == asked[:0:-1]
    (missing,) = copy["missing"]
    assert (missing["part"], "只有最新的" in missing["why"]) == ("requests", True)


async def test_it_is_for_whoever_is_signed_in(whole) -> None:
    async with browser(whole) as client:
        answer = await client.get("/me/data")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
