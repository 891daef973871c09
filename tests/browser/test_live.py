"""What changes is seen without a reload: told at once, after an outage, or looked for.

A page looks after it is told, and every 30 s without being told. So that only one of them can pass
a test, `told_only` pages have no interval, and `untold` ones no stream.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY
from tests.browser.harness import DESK, View, Visitors
from tests.support.gate import Gate
from tests.support.platform import eventually
from tests.support.story import REQUESTS, TASKS, Story

HOME = f"/in/{COMMUNITY}/"
BOARD = f"{HOME}tasks"
SOON = 15_000
"""Milliseconds: a hint takes one second on the average, and the page up to two."""

NO_INTERVALS = "globalThis.setInterval = () => 0;"


@pytest_asyncio.fixture
async def story(visitors: Visitors) -> AsyncGenerator[Story]:
    names = {name: word for name, word in visitors.scene.sign_ins.items() if name != "operator"}
    async with Api(visitors.scene.origin) as api:
        yield await Story.of(api, names)


@asynccontextmanager
async def told_only(
    visitors: Visitors, who: str, path: str, view: View | None = None
) -> AsyncGenerator[Page]:
    """A page at `path` that hears of changes, and never looks without having heard."""
    async with visitors.context_of(who, view) as context:
        await context.add_init_script(NO_INTERVALS)
        page = await context.new_page()
        await listens(page, path)
        yield page


async def listens(page: Page, path: str) -> None:
    """Open a page, and return when it is told what changes."""
    async with page.expect_response(lambda one: "/live?" in one.url) as answer:
        await page.goto(path)
    assert (await answer.value).status == 200


@asynccontextmanager
async def untold(context: BrowserContext, path: str) -> AsyncGenerator[Page]:
    """A page at `path` that nobody tells, with a clock of its own."""
    await context.route("**/live?*", lambda route: route.abort())
    page = await context.new_page()
    await page.clock.install()
    await page.goto(path)
    yield page


async def half_a_minute_goes_by(page: Page) -> None:
    await page.clock.fast_forward(30_000)
    await page.clock.fast_forward(2_000)


async def asked_for(page: Page | Locator, is_shown: Callable[[], Awaitable[bool]]) -> None:
    """Ask a list for its news as often as it has some, until what is wanted is shown."""

    async def shown() -> bool:
        await page.locator(".news a").click(timeout=SOON)
        return await is_shown()

    await eventually(shown)


async def unread(page: Page) -> int:
    return int(await page.locator("#unread [data-live-count]").text_content() or 0)


async def test_a_page_changes_by_itself(visitors: Visitors, story: Story) -> None:
    request = await story.ask("楼道灯又不亮了")
    async with told_only(visitors, "resident", f"{HOME}requests/{request}") as page:
        await expect(page.get_by_role("heading", name="待受理")).to_be_visible()
        before = await unread(page)
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible(timeout=SOON)
        await expect(page.locator("#unread")).to_contain_text(str(before + 1), timeout=SOON)
        await expect(page.locator("#live-said")).to_have_text("本页有更新。")


async def test_a_list_says_that_something_is_new_and_shows_it_when_asked(
    visitors: Visitors, story: Story
) -> None:
    request = await story.ask("水管漏水")
    async with told_only(visitors, "resident", "/inbox") as page:
        rows = page.locator("[data-live-row]")
        before = await rows.count()
        bar = page.locator(".news")
        await expect(bar).to_be_hidden()
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(bar).to_be_visible(timeout=SOON)
        await expect(bar).to_contain_text("1")
        assert await rows.count() == before  # nothing has moved
        await bar.get_by_role("link").click()
        await expect(bar).to_be_hidden()
        assert await rows.count() >= min(before + 1, 20)
        assert page.url.endswith("/inbox")


async def test_a_board_says_that_a_task_has_come_and_that_it_is_gone(
    visitors: Visitors, story: Story
) -> None:
    request = await story.ask("纱窗破了，请帮忙换")
    async with told_only(visitors, "volunteer", BOARD) as page:
        card, bar = page.get_by_role("link", name="纱窗破了"), page.locator(".news")
        task = await story.put_on_list(request)
        await expect(bar).to_be_visible(timeout=SOON)
        await expect(card).to_have_count(0)  # nothing has moved
        await asked_for(page, card.is_visible)
        await story.unit_claims(task)
        await asked_for(page, card.is_hidden)


async def test_an_offer_and_the_own_tasks_are_told(visitors: Visitors, story: Story) -> None:
    request = await story.ask("请帮忙抬轮椅下楼")
    async with (
        told_only(visitors, "volunteer", BOARD) as board,
        told_only(visitors, "volunteer", f"{BOARD}/mine") as mine,
    ):
        task = await story.offer(request, story.volunteer.person_id)
        offers = board.locator(".offered").get_by_role("link", name="请帮忙抬轮椅下楼")
        await asked_for(board, offers.is_visible)
        await story.volunteer.post(f"{TASKS}/{task}/claim", {})
        await asked_for(mine, mine.get_by_role("link", name="请帮忙抬轮椅下楼").is_visible)


async def test_whoever_reads_a_task_that_is_taken_meanwhile_is_told(
    visitors: Visitors, story: Story
) -> None:
    task = await story.put_on_list(await story.ask("窗户关不上"))
    async with told_only(visitors, "volunteer", f"{BOARD}/{task}") as page:
        await expect(page.get_by_role("button", name="我来接")).to_be_visible()
        await story.unit_claims(task)
        await expect(page.locator(".news")).to_be_visible(timeout=SOON)
        await page.locator(".news a").click()
        await expect(page.get_by_role("heading", name="这个任务现在接不了")).to_be_visible()


async def test_the_panel_of_the_desk_says_that_its_request_has_moved(
    visitors: Visitors, story: Story
) -> None:
    request = await story.ask("井盖松动")
    task = await story.put_on_list(request)
    path = f"{HOME}desk?open={request}"
    async with told_only(visitors, "staff", path, View(width=DESK)) as page:
        panel = page.locator("#panel")
        await expect(panel.locator(".standing")).to_contain_text("待接单")
        await story.claim(request, task)
        await expect(panel.locator(".news")).to_be_visible(timeout=SOON)
        await expect(panel.locator(".standing")).to_contain_text("待接单")  # nothing has moved
        await asked_for(panel, panel.locator(".standing", has_text="处理中").is_visible)


async def test_a_page_that_cannot_be_told_looks_every_half_minute(
    visitors: Visitors, story: Story
) -> None:
    request = await story.ask("门锁坏了")
    async with (
        visitors.context_of("resident") as context,
        untold(context, f"{HOME}requests/{request}") as page,
    ):
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(page.get_by_role("heading", name="待受理")).to_be_visible()
        await half_a_minute_goes_by(page)
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible()


async def test_a_board_that_cannot_be_told_looks_every_half_minute(
    visitors: Visitors, story: Story
) -> None:
    request = await story.ask("请帮忙搬一袋米")
    async with visitors.context_of("volunteer") as context, untold(context, BOARD) as page:
        await story.put_on_list(request)
        await expect(page.locator(".news")).to_be_hidden()
        await half_a_minute_goes_by(page)
        await expect(page.locator(".news")).to_be_visible()


async def test_a_stream_that_breaks_goes_on_and_nothing_is_lost(
    visitors: Visitors, story: Story
) -> None:
    """The connection is cut, something changes meanwhile, and the way is open again."""
    request = await story.ask("路灯不亮")
    async with (
        Gate.before(visitors.scene.origin) as gate,
        told_only(visitors, "resident", f"{gate.origin}{HOME}requests/{request}") as page,
    ):
        await story.staff.post(f"{REQUESTS}/{request}/register")
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible(timeout=SOON)
        await gate.shut()
        await story.staff.post(f"{REQUESTS}/{request}/list", {})
        await gate.open()
        await expect(page.get_by_role("heading", name="待接单")).to_be_visible(timeout=SOON)


@pytest.mark.parametrize("path", [HOME, "/inbox"])
async def test_without_script_a_page_is_as_it_was_opened(visitors: Visitors, path: str) -> None:
    async with visitors.context_of("resident", has_scripts=False) as context:
        page = await context.new_page()
        await page.goto(path)
        await expect(page.locator("main h1")).to_be_visible()
        await expect(page.locator(".news")).to_have_count(1 if path == "/inbox" else 0)
        assert not await page.locator(".news").first.is_visible()
