"""A phone without network: what was filled in is kept, sent once, and only by its writer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import BrowserContext, Page, expect

from deploy.demo.api import Api
from tests.browser.checks import axe, measured, overflowing
from tests.browser.harness import DESK, View, Visitors, sign_in
from tests.support.gate import Gate
from tests.support.pictures import photo
from tests.support.platform import eventually

GRID = "/in/demo/grid"
ON_THE_SPOT = f"{GRID}/on-the-spot"
FORMS = (ON_THE_SPOT, f"{GRID}/visits/new")
AT_ONCE = "/in/demo/requests/new/at-once"
PICTURE = {"name": "灯.jpg", "mimeType": "image/jpeg", "buffer": photo()}
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) {
      found.push([new URL(url).pathname, await (await cache.match(url)).text()]);
    }
  }
  return found;
}"""


@asynccontextmanager
async def phone(visitors: Visitors, who: str = "gridworker", **how: Any) -> AsyncGenerator[Page]:
    """A page of somebody's whose browser has the shell and the forms of a grid worker."""
    async with visitors.context_of(who, **how) as context:
        page = await context.new_page()
        await page.goto("/me")
        await page.evaluate("() => navigator.serviceWorker.ready")
        await eventually(lambda: page.evaluate("() => Boolean(navigator.serviceWorker.controller)"))
        if who == "gridworker":
            await page.goto(GRID)
            await eventually(lambda: keeps(page, *FORMS), seconds=30)
        yield page


async def keeps(page: Page, *paths: str) -> bool:
    """Whether the browser has these forms for the time without network."""
    return set(paths) <= {path for path, _ in await page.evaluate(KEPT)}


async def settle(page: Page, words: str, said: str = "亮了，谢谢") -> None:
    """Fill in the form of a small thing and send it."""
    await page.get_by_label("维修").check()
    await page.get_by_label("在哪一栋").select_option(label="文化路1号院 1栋")
    await page.get_by_label("办了什么事").fill(words)
    await page.get_by_label("居民怎么说").fill(said)
    await page.get_by_label("照片").set_input_files([PICTURE])
    await page.get_by_role("button", name="记录并办结").click()


async def filed(visitors: Visitors, words: str) -> list[dict[str, Any]]:
    """What the service has, with the number of its photos."""
    async with Api(visitors.scene.origin) as api:
        staff = await api.sign_in("staff", visitors.scene.sign_ins["staff"])
        requests = await staff.everything("/requests/demo/requests")
        return [
            one | {"photos": len(await staff.get(f"/requests/demo/requests/{one['id']}/photos"))}
            for one in requests
            if one["description"] == words
        ]


def draft_of(page: Page, words: str) -> Any:
    return page.locator("[data-drafts] li", has_text=words)


async def test_what_is_filled_in_without_network_is_sent_once_when_it_is_back(
    visitors: Visitors,
) -> None:
    first, second = str(uuid4()), str(uuid4())
    async with phone(visitors) as page:
        await page.context.set_offline(True)
        await page.get_by_role("link", name="记一件即办").click()
        await expect(page.get_by_text("现在没有网络，可以照常填写。")).to_be_visible()
        for words in (first, second):
            await settle(page, words)
            await expect(draft_of(page, words)).to_contain_text("已存好")
            await expect(page.get_by_role("heading", name="存在本机的草稿")).to_be_focused()
        assert await filed(visitors, first) == []
        await page.context.set_offline(False)
        for words in (first, second):
            await expect(draft_of(page, words)).to_contain_text("已经发送", timeout=30_000)
            [request] = await filed(visitors, words)
            assert (request["closed_as"], request["photos"]) == ("on_the_spot", 1)
        await draft_of(page, first).get_by_role("link", name="看结果").click()
        [request] = await filed(visitors, first)
        await expect(page.get_by_text(request["number"])).to_be_visible()
        for words in (first, second):
            await draft_of(page, words).get_by_role("button", name="知道了").click()
            await expect(draft_of(page, words)).to_have_count(0)


async def test_an_answer_that_was_lost_files_nothing_twice(visitors: Visitors) -> None:
    words = str(uuid4())
    async with Gate.before(visitors.scene.origin) as gate, phone(visitors) as page:
        await page.goto(f"{gate.origin}{ON_THE_SPOT}")
        gate.loses_answers = True
        await settle(page, words)
        await expect(draft_of(page, words)).to_contain_text("已存好", timeout=30_000)
        assert len(await filed(visitors, words)) == 1
        gate.loses_answers = False
        await page.goto(f"{gate.origin}/me")
        await expect(draft_of(page, words)).to_contain_text("已经发送", timeout=30_000)
        [request] = await filed(visitors, words)
        assert request["photos"] == 1


async def test_a_server_that_was_killed_gets_it_when_it_is_back(visitors: Visitors) -> None:
    words = str(uuid4())
    async with Gate.before(visitors.scene.origin) as gate, phone(visitors) as page:
        await page.goto(f"{gate.origin}{ON_THE_SPOT}")
        await gate.shut()
        await settle(page, words)
        await expect(draft_of(page, words)).to_contain_text("已存好", timeout=30_000)
        await gate.open()
        await page.goto(f"{gate.origin}/me")
        await expect(draft_of(page, words)).to_contain_text("已经发送", timeout=30_000)
        assert len(await filed(visitors, words)) == 1


async def test_a_draft_that_is_refused_stays_and_is_mended(visitors: Visitors) -> None:
    words = str(uuid4())
    async with phone(visitors) as page:
        await page.goto(ON_THE_SPOT)
        await page.context.set_offline(True)
        await settle(page, words, said="")
        await expect(draft_of(page, words)).to_be_visible()
        await page.context.set_offline(False)
        draft = draft_of(page, words)
        await expect(draft).to_contain_text("没有通过：请写居民怎么说。", timeout=30_000)
        await draft.get_by_role("link", name="打开修改").click()
        await expect(page.locator("#spoken_word_remark")).to_be_visible()
        await expect(page.get_by_label("办了什么事")).to_have_value(words)
        await expect(page.get_by_label("维修")).to_be_checked()
        await expect(draft_of(page, words)).to_have_count(0)
        await page.get_by_label("居民怎么说").fill("亮了")
        await page.get_by_role("button", name="记录并办结").click()
        await expect(page.get_by_text("已记录并办结。")).to_be_visible()
        [request] = await filed(visitors, words)
        assert request["photos"] == 1
        await page.goto("/me")
        await expect(draft_of(page, words)).to_have_count(0)


async def test_a_draft_waits_for_its_writer_and_nobody_else_sends_or_sees_it(
    visitors: Visitors,
) -> None:
    words = str(uuid4())
    waiting = "本机还有没发出的草稿"
    async with phone(visitors) as page:
        await page.goto(ON_THE_SPOT)
        await page.context.set_offline(True)
        await settle(page, words)
        await expect(draft_of(page, words)).to_be_visible()
        await page.context.clear_cookies()
        await page.context.set_offline(False)
        await expect(draft_of(page, words)).to_contain_text("您已退出登录", timeout=30_000)
        for who, is_sent in (("resident", False), ("gridworker", True)):
            await page.goto("/")
            await expect(page.get_by_text(waiting)).to_be_visible()
            await expect(draft_of(page, words)).to_have_count(0)
            assert await filed(visitors, words) == []
            await sign_in(page, who, visitors.scene.sign_ins[who])
            if is_sent:
                await expect(draft_of(page, words)).to_contain_text("已经发送", timeout=30_000)
            else:
                await expect(page.get_by_text(waiting)).to_be_visible()
                await page.context.clear_cookies()
        assert len(await filed(visitors, words)) == 1


async def test_a_resident_begins_and_files_without_network(visitors: Visitors) -> None:
    """From the page without network on; what was left out is told when it is sent, and mended."""
    words = str(uuid4())
    async with phone(visitors, "resident") as page:
        await page.goto("/in/demo/")
        await eventually(lambda: keeps(page, AT_ONCE), seconds=30)
        await page.context.set_offline(True)
        await page.get_by_role("link", name="我要报事").click()
        await expect(page.get_by_role("heading", name="没有网络", exact=True)).to_be_visible()
        await page.get_by_role("link", name="我要报事").first.click()
        await page.get_by_label("维修").check()
        await page.get_by_label("是什么情况").fill(words)
        await page.get_by_role("button", name="提交").click()
        await expect(draft_of(page, words)).to_contain_text("已存好")
        await page.context.set_offline(False)
        draft = draft_of(page, words)
        await expect(draft).to_contain_text("没有通过：请选择在哪里。", timeout=30_000)
        await draft.get_by_role("link", name="打开修改").click()
        await expect(page.get_by_label("维修")).to_be_checked()
        await page.get_by_label("在哪里？").select_option(label="文化路1号院 2栋")
        await page.get_by_role("button", name="提交").click()
        await page.wait_for_url("**/filed")
        assert len(await filed(visitors, words)) == 1


async def test_a_resident_files_while_the_network_goes_away(visitors: Visitors) -> None:
    words = str(uuid4())
    async with phone(visitors, "resident") as page:
        await page.goto("/in/demo/requests/new")
        await page.get_by_role("link", name="维修").click()
        await page.locator("main a.tile, main a.button").first.click()
        await page.get_by_label("是什么情况").fill(words)
        await page.context.set_offline(True)
        await page.get_by_role("button", name="提交").click()
        await expect(draft_of(page, words)).to_contain_text("已存好")
        await page.context.set_offline(False)
        await expect(draft_of(page, words)).to_contain_text("已经发送", timeout=30_000)
        assert len(await filed(visitors, words)) == 1


async def test_the_browser_sends_it_when_no_page_is_open(visitors: Visitors) -> None:
    """What the browser does by itself some time after the network is back (Background Sync)."""
    words = str(uuid4())
    async with phone(visitors) as page:
        await page.goto(ON_THE_SPOT)
        await page.context.set_offline(True)
        await settle(page, words)
        await expect(draft_of(page, words)).to_be_visible()
        await page.goto("about:blank")
        await page.context.set_offline(False)
        await synchronised(page.context, page, visitors.scene.origin)

        async def sent() -> list[Any]:
            return await filed(visitors, words)

        assert len(await eventually(sent, seconds=30)) == 1


async def synchronised(context: BrowserContext, page: Page, origin: str) -> None:
    session = await context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"]),
    )
    await session.send("ServiceWorker.enable")

    async def registered() -> list[str]:
        return found

    [registration, *_] = await eventually(registered)
    told = {"origin": origin, "registrationId": registration, "tag": "drafts", "lastChance": False}
    await session.send("ServiceWorker.dispatchSyncEvent", told)


async def test_nothing_about_people_is_kept_and_signing_out_empties_it(visitors: Visitors) -> None:
    async with visitors.context_of() as context:
        page = await context.new_page()
        await sign_in(page, "gridworker", visitors.scene.sign_ins["gridworker"])
        await page.evaluate("() => navigator.serviceWorker.ready")
        for path in (f"{GRID}/households/{visitors.scene.things['home']}", "/me", GRID, GRID):
            await page.goto(path)
        await eventually(lambda: keeps(page, AT_ONCE, *FORMS), seconds=30)
        kept = await page.evaluate(KEPT)
        await page.goto("/me")
        token = await page.locator("[name=form_token]").first.get_attribute("value")
        assert token
        forms = {path for path, _ in kept if not path.startswith("/static/")}
        assert forms == {"/offline", AT_ONCE, *FORMS}
        for path, content in kept:
            assert "张桂兰" not in content, path
            assert token not in content, path
        await page.get_by_role("button", name="退出登录").click()
        await expect(page.get_by_role("button", name="登录")).to_be_visible()

        async def emptied() -> bool:
            return not await keeps(page, *FORMS)

        await eventually(emptied)


@pytest.mark.parametrize("view", [View(), View("en", is_large=True), View("en", width=DESK)])
async def test_drafts_are_for_all_eyes(visitors: Visitors, view: View) -> None:
    async with phone(visitors, "gridworker", view=view) as page:
        await page.goto(f"{GRID}/visits/new")
        await page.locator("#note").fill("一切都好")
        await page.context.set_offline(True)
        await page.locator("main form button").click()
        await expect(page.locator("[data-slot=excerpt]")).to_have_text("一切都好")
        await page.evaluate(
            """async () => {
              const [one] = await drafts.all();
              const answer = "<main><p class=remark>No.</p></main>";
              await drafts.keep({ ...one, once: "refused", state: "refused", answer });
              const sent = { state: "sent", url: "/me", sentAt: Date.now() };
              await drafts.keep({ ...one, ...sent, once: "sent" });
              await drafts.keep({ ...one, once: "another", who: "somebody else" });
            }"""
        )
        await page.goto(f"{GRID}/visits/new")
        await expect(page.locator("[data-drafts] li")).to_have_count(3)
        found = await axe(page, is_large=view.is_large)
        found += await measured(page, view)
        assert found + await overflowing(page, view.width, 320) == []
        await page.goto("/in/demo/inbox")
        await expect(page.get_by_role("heading", name="没有网络", exact=True)).to_be_visible()
        await expect(page.locator("[data-drafts=last] li")).to_have_count(6)
        assert await axe(page) == []
