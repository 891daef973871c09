"""A service is stopped: the parts that need it say so, the rest works, and they come back.

Each service is a process of its own here, and so is the console.
"""

import asyncio
import secrets
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY, PEOPLE, load_demo
from tests.browser.harness import DESK, View, Visitors
from tests.browser.scene import Scene
from tests.browser.test_live import NO_INTERVALS, SOON, half_a_minute_goes_by, listens
from tests.support.platform import eventually
from tests.support.processes import (
    OPERATOR,
    Processes,
    ServiceProcess,
    free_port,
    platform_in_processes,
)
from tests.support.servers import Servers, start_servers
from tests.support.story import REQUESTS, Story

HOME = f"/in/{COMMUNITY}/"
WORDS = "楼道灯不亮"
MISSING = "这部分暂时看不到"


@dataclass
class Town:
    """The demo community on a platform of processes."""

    platform: Processes
    console: ServiceProcess
    visitors: Visitors
    story: Story
    asked: str
    """A request of the resident's that waits to be dispatched."""

    @asynccontextmanager
    async def without(self, service: str) -> AsyncGenerator[None]:
        """Stopped, and started again in the end."""
        await self.platform.services[service].stop()
        try:
            yield
        finally:
            await self.platform.services[service].start()

    @asynccontextmanager
    async def page_of(self, who: str, view: View | None = None) -> AsyncGenerator[Page]:
        """A page whose clock can be turned on."""
        async with self.visitors.context_of(who, view) as context:
            page = await context.new_page()
            await page.clock.install()
            yield page


@pytest.fixture(scope="module")
def own_servers(servers: Servers) -> Servers:
    """Servers of their own: the roles and passwords of the platform must not meet others'."""
    with start_servers(servers.kind) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def town(
    own_servers: Servers, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Town]:
    folder = tmp_path_factory.mktemp("town")
    async with platform_in_processes(own_servers, folder) as platform, Api(platform.origin) as api:
        port = free_port()
        environment = {"JINLIN_ORIGIN": platform.origin, "JINLIN_PORT": str(port)}
        console = ServiceProcess("console", port, environment, folder / "console.log")
        passwords = {name: secrets.token_hex(8) for name in PEOPLE}
        await asyncio.gather(
            console.start(), load_demo(api, await api.sign_in(*OPERATOR), passwords)
        )
        try:
            story = await Story.of(api, passwords)
            asked = await story.ask(WORDS)
            await story.staff.post(f"{REQUESTS}/{asked}/register")
            await noticed(story)
            scene = Scene(f"http://127.0.0.1:{port}", passwords, {})
            yield Town(platform, console, Visitors(browser, scene), story, asked)
        finally:
            await console.stop()


async def noticed(story: Story) -> None:
    """Return when the resident has heard that the request was taken in."""

    async def is_there() -> bool:
        return bool((await story.resident.get("/notify/inbox"))["items"])

    await eventually(is_there)


async def says_so(part: Page | Locator, words: str = MISSING) -> None:
    await expect(part.get_by_text(words).first).to_be_visible()


async def test_requests_is_down(town: Town) -> None:
    async with town.page_of("resident") as page:
        own, news = page.locator("#live-mine"), page.locator("#live-news")
        async with town.without("requests"):
            await page.goto(HOME)
            await says_so(own)
            await expect(news.get_by_text(MISSING)).to_have_count(0)
            await page.goto("/inbox")
            await expect(page.locator("[data-live-row]").first).to_be_visible()
            await page.goto("/me")
            await expect(page.get_by_text(PEOPLE["resident"][0])).to_be_visible()
            await page.goto(HOME)
            await says_so(own)
        await half_a_minute_goes_by(page)
        await expect(own).to_contain_text(WORDS)  # by itself: nobody has loaded the page anew


async def test_volunteers_is_down(town: Town) -> None:
    desk = f"{HOME}desk?open={town.asked}"
    async with (
        town.page_of("staff", View(width=DESK)) as page,
        town.page_of("volunteer") as phone,
    ):
        async with town.without("volunteers"):
            await page.goto(desk)
            await expect(page.locator("table.requests tbody tr").first).to_be_visible()
            await expect(page.locator("#opened")).to_be_visible()
            await says_so(page.locator("#dispatch"), "现在派不了单")
            await phone.goto(f"{HOME}tasks")
            await says_so(phone)
            await phone.goto(HOME)
            await expect(phone.get_by_role("link", name="我要报事")).to_be_visible()
            await phone.goto(f"{HOME}tasks")
        await page.reload()
        await expect(page.locator("#dispatch [name=taker]").first).to_be_attached()
        await half_a_minute_goes_by(phone)
        await expect(phone.locator("[data-missing]")).to_have_count(0)


async def test_points_is_down(town: Town) -> None:
    async with town.page_of("volunteer") as page:
        async with town.without("points"):
            await page.goto(f"{HOME}tasks/points")
            await says_so(page)
            await expect(page.locator(".balance")).to_have_count(0)
            await page.goto(f"{HOME}tasks")
            await expect(page.locator("[data-missing]")).to_have_count(0)
        await page.goto(f"{HOME}tasks/points")
        await expect(page.locator(".balance strong")).to_have_text("0")


async def test_the_directory_is_down(town: Town) -> None:
    async with (
        town.page_of("resident") as page,
        town.page_of("staff", View(width=DESK)) as desk,
        town.visitors.context_of() as stranger,
    ):
        async with town.without("directory"):
            await page.goto(HOME)
            await page.get_by_role("link", name=WORDS).click()
            await expect(page.get_by_role("heading", name="已受理")).to_be_visible()
            await expect(page.locator(".timeline li")).to_have_count(2)
            await says_so(page, "暂时看不到")  # where it is
            await desk.goto(f"{HOME}desk?open={town.asked}")
            await expect(desk.locator("table.requests tbody tr").first).to_be_visible()
            await says_so(desk, "名册暂时打不开，姓名和地点可能看不到。")
            await expect(desk.get_by_text(PEOPLE["resident"][0])).to_have_count(0)
            first = await stranger.new_page()
            await first.goto("/")
            await says_so(first, "现在无法登录")
        await desk.reload()
        await expect(desk.get_by_text(PEOPLE["resident"][0]).first).to_be_visible()


async def test_notify_is_down_and_pages_that_are_open_are_told_all_the_same(town: Town) -> None:
    async with town.visitors.context_of("resident") as context:
        await context.add_init_script(NO_INTERVALS)
        page, other = await context.new_page(), await context.new_page()
        request = await town.story.ask("对讲机不响")
        await listens(page, f"{HOME}requests/{request}")
        async with town.without("notify"):
            await town.story.staff.post(f"{REQUESTS}/{request}/register")
            await expect(page.get_by_role("heading", name="已受理")).to_be_visible(timeout=SOON)
            await other.goto(HOME)
            await expect(other.locator("#unread [data-live-count]")).to_have_text("?")
            await says_so(other.locator("#live-news"))
            await expect(other.locator("#live-mine")).to_contain_text(WORDS)
            await other.goto("/inbox")
            await says_so(other)
        await other.reload()
        await expect(other.locator("[data-live-row]").first).to_be_visible()
        await expect(other.locator("#unread [data-live-count]")).not_to_have_text("?")


async def test_the_console_is_killed_and_pages_that_are_open_go_on(town: Town) -> None:
    """What changed meanwhile is told when it is back; the page never looks without being told."""
    async with town.visitors.context_of("resident") as context:
        await context.add_init_script(NO_INTERVALS)
        page = await context.new_page()
        request = await town.story.ask("水表井盖松动")
        await listens(page, f"{HOME}requests/{request}")
        await town.console.stop(signal.SIGKILL)
        await town.story.staff.post(f"{REQUESTS}/{request}/register")
        await town.console.start()
        await expect(page.get_by_role("heading", name="已受理")).to_be_visible(timeout=SOON)
