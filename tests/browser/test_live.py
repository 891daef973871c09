"""What changes is seen without a reload: told at once, after an outage, or looked for."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY
from tests.browser.harness import Visitors
from tests.support.story import REQUESTS, Story

HOME = f"/in/{COMMUNITY}/"


@pytest_asyncio.fixture
async def story(visitors: Visitors) -> AsyncGenerator[Story]:
    names = {name: word for name, word in visitors.scene.sign_ins.items() if name != "operator"}
    async with Api(visitors.scene.origin) as api:
        yield await Story.of(api, names)


async def unread(page: Page) -> int:
    return int(await page.locator("#unread [data-live-count]").text_content() or 0)


async def test_a_page_changes_by_itself(visitors: Visitors, story: Story) -> None:
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        request = await story.ask("楼道灯又不亮了")
        async with page.expect_response(lambda one: "/live?" in one.url):
            await page.goto(f"{HOME}requests/{request}")
        await expect(page.get_by_role("heading", name="待受理")).to_be_visible()
        before = await unread(page)
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible(timeout=15_000)
        await expect(page.locator("#unread")).to_contain_text(str(before + 1), timeout=15_000)
        await expect(page.locator("#live-said")).to_have_text("本页有更新。")


async def test_a_list_says_that_something_is_new_and_shows_it_when_asked(
    visitors: Visitors, story: Story
) -> None:
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        request = await story.ask("水管漏水")
        await page.goto("/inbox")
        rows = page.locator("[data-live-row]")
        before = await rows.count()
        bar = page.locator(".news")
        await expect(bar).to_be_hidden()
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(bar).to_be_visible(timeout=15_000)
        await expect(bar).to_contain_text("1")
        assert await rows.count() == before  # nothing has moved
        await bar.get_by_role("link").click()
        await expect(bar).to_be_hidden()
        assert await rows.count() >= min(before + 1, 20)
        assert page.url.endswith("/inbox")


async def test_a_page_that_cannot_be_told_looks_every_half_minute(
    visitors: Visitors, story: Story
) -> None:
    async with visitors.context_of("resident") as context:
        await context.route("**/live?*", lambda route: route.abort())
        page = await context.new_page()
        await page.clock.install()
        request = await story.ask("门锁坏了")
        await page.goto(f"{HOME}requests/{request}")
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(page.get_by_role("heading", name="待受理")).to_be_visible()
        await page.clock.fast_forward(30_000)
        await page.clock.fast_forward(2_000)
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible()


async def test_what_came_while_nobody_was_told_is_told_first(
    visitors: Visitors, story: Story
) -> None:
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        request = await story.ask("路灯不亮")
        async with page.expect_response(lambda one: "/live?" in one.url):
            await page.goto(f"{HOME}requests/{request}")
        await context.set_offline(True)
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await context.set_offline(False)
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible(timeout=45_000)


@pytest.mark.parametrize("path", [HOME, "/inbox"])
async def test_without_script_a_page_is_as_it_was_opened(visitors: Visitors, path: str) -> None:
    async with visitors.context_of("resident", has_scripts=False) as context:
        page = await context.new_page()
        await page.goto(path)
        await expect(page.locator("main h1")).to_be_visible()
        await expect(page.locator(".news")).to_have_count(1 if path == "/inbox" else 0)
        assert not await page.locator(".news").first.is_visible()
