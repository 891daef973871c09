"""The form that corrects a name: nobody undoes another's word unseen, and nothing typed is lost."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest_asyncio

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.settings import Settings
from tests.integration.console.forms import Reader, remarks
from tests.integration.console.test_sign_in_page import SITE, account, browser, signed_in

CHANGED = "刚才有人改过姓名或电话。请看看现在的，再决定要不要改。"


@dataclass
class Directory:
    """The directory behind a console; it can be away."""

    origin: OneOrigin
    is_away: bool = False

    async def __call__(self, scope, receive, send) -> None:
        if self.is_away:
            raise httpx.ConnectError("away")
        await self.origin(scope, receive, send)


@dataclass
class Desk:
    """Staff before the form of one member."""

    staff: Reader
    directory: Directory
    path: str
    person: str


@pytest_asyncio.fixture
async def desk(directory, town) -> AsyncGenerator[Desk]:
    behind = Directory(OneOrigin({"directory": await directory.platform.app("directory")}))
    app = create_app(Settings(origin=SITE), transport=httpx.ASGITransport(behind))
    async with app.router.lifespan_context(app), browser(app) as client:
        await signed_in(client, await account(town, "community_staff"))
        person = (await town.person("resident", name="张贵兰", phone="13812341234"))["id"]
        yield Desk(Reader(client, town.slug), behind, f"register/people/{person}/name", person)


async def test_a_name_that_was_changed_meanwhile_is_told_beside_it(desk: Desk, town) -> None:
    shown = await desk.staff.page(desk.path)
    await town.ask("PUT", f"/people/{desk.person}/name", json={"name": "张桂兰"})
    wrong = await desk.staff.send(shown, desk.path, name="张贵蓝", phone="12")
    assert (wrong.status_code, list(remarks(wrong))) == (422, ["phone"])
    late = await desk.staff.send(wrong, desk.path, name="张贵蓝")
    assert (late.status_code, remarks(late)) == (412, {"name": CHANGED})
    assert "<strong>张桂兰</strong>" in late.text
    assert 'value="张贵蓝"' in late.text
    anew = await desk.staff.send(late, desk.path, name="张贵蓝")
    assert (anew.status_code, anew.headers["location"][-10:]) == (303, "?done=name")
    assert (await town.ask("GET", f"/people/{desk.person}")).json()["name"] == "张贵蓝"


async def test_a_phone_that_is_wrong_is_taken_away_once(desk: Desk, town) -> None:
    shown = await desk.staff.page(desk.path)
    await town.ask("PUT", f"/people/{desk.person}/name", json={"name": "张桂兰"})
    late = await desk.staff.send(shown, f"{desk.path}/remove-phone")
    assert (late.status_code, remarks(late)) == (412, {"name": CHANGED})
    assert 'value="张桂兰"' in late.text
    removed = await desk.staff.send(late, f"{desk.path}/remove-phone")
    assert removed.status_code == 303
    page = await desk.staff.page(removed.headers["location"])
    assert "电话已去掉。" in page.text
    found = (await town.ask("GET", f"/people/{desk.person}")).json()
    assert (found["name"], found["phone"]) == ("张桂兰", None)
    assert "remove-phone" not in (await desk.staff.page(desk.path)).text


async def test_while_the_directory_is_away_what_was_typed_stays(desk: Desk, town) -> None:
    shown = await desk.staff.page(desk.path)
    desk.directory.is_away = True
    kept = await desk.staff.send(shown, desk.path, name="张桂兰", phone="13900005678")
    assert kept.status_code == 503
    assert 'value="张桂兰"' in kept.text
    assert 'value="13900005678"' in kept.text
    assert "服务暂时不可用" in kept.text
    lost = await desk.staff.send(shown, f"{desk.path}/remove-phone")
    assert (lost.status_code, "服务暂时不可用" in lost.text) == (503, True)
    desk.directory.is_away = False
    saved = await desk.staff.send(kept, desk.path, name="张桂兰", phone="13900005678")
    assert saved.status_code == 303
    found = (await town.ask("GET", f"/people/{desk.person}")).json()
    assert (found["name"], found["phone"]) == ("张桂兰", "139****5678")
