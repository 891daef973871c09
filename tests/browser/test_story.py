"""One request, from filing to rated, by four people, each with a browser of their own."""

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from deploy.demo.community import COMMUNITY
from tests.browser.harness import DESK, View, Visitors, sign_in
from tests.support.pictures import photo
from tests.support.platform import eventually

HOME = f"/in/{COMMUNITY}/"
PEOPLE = {"resident": View(), "volunteer": View(), "gridworker": View(), "staff": View(width=DESK)}


@asynccontextmanager
async def four_people(visitors: Visitors, *, has_scripts: bool) -> AsyncGenerator[dict[str, Page]]:
    """A page of each, who has signed in by the form."""
    async with AsyncExitStack() as stack:
        pages: dict[str, Page] = {}
        for who, view in PEOPLE.items():
            context = visitors.context_of(view=view, has_scripts=has_scripts)
            pages[who] = await (await stack.enter_async_context(context)).new_page()
            await sign_in(pages[who], who, visitors.scene.sign_ins[who])
        yield pages


async def comes(page: Page, path: str, find: Callable[[], Locator]) -> Locator:
    """Open `path` until what another service has yet to hear of stands there."""

    async def there() -> bool:
        await page.goto(path)
        return await find().first.is_visible()

    await eventually(there, seconds=30)
    return find().first


async def press(page: Page, name: str, then: str) -> None:
    """Press a button, and see what comes of it."""
    await page.get_by_role("button", name=name, exact=True).first.click()
    await expect(page.get_by_text(then).first).to_be_visible(timeout=15_000)


async def unread(page: Page) -> int:
    shown = page.locator("#unread [data-live-count]")
    return int(await shown.inner_text()) if await shown.is_visible() else 0


async def balance(page: Page) -> int:
    await page.goto(f"{HOME}tasks/points")
    return int(await page.locator(".balance strong").inner_text())


async def files(page: Page, words: str) -> str:
    """By the three steps; the address of the request."""
    await page.goto(HOME)
    await page.get_by_role("link", name="我要报事").click()
    await page.get_by_role("link", name="维修").click()
    await page.get_by_role("link", name=re.compile("就在我家这里")).click()
    await page.get_by_label("是什么情况").fill(words)
    await press(page, "提交", "已提交")
    await page.get_by_role("link", name="查看这件诉求").click()
    await expect(page.get_by_role("heading", name="待受理")).to_be_visible()
    return page.url


async def puts_on_list(page: Page, words: str, *, is_told: bool) -> None:
    """Staff take it in, and let others come; `is_told`: the desk was open before it was filed."""
    row = page.locator("table.requests tr", has_text=words)
    if is_told:
        bar = page.locator("#live-list .news")
        await expect(bar).to_be_visible(timeout=15_000)
        assert not await row.is_visible()
        await bar.get_by_role("link").click()
    else:
        await page.goto(f"{HOME}desk?queue=to_triage")
    await row.get_by_role("link").click()
    await press(page, "受理", "已受理")
    await page.get_by_text("放到需求清单，大家来接").click()
    await press(page, "放到需求清单", "待接单")


async def works(page: Page, words: str, picture: Path) -> None:
    """The volunteer finds it on the board, takes it, and does it."""
    found = await comes(page, f"{HOME}tasks", lambda: page.get_by_role("link", name=words))
    await found.click()
    await press(page, "我来接", "签到")
    await press(page, "签到", "办好了")
    await page.get_by_label("用了多少分钟").fill("30")
    await page.get_by_label("做了什么").fill("换了灯泡")
    await page.get_by_label("办好后的照片").set_input_files(picture)
    await press(page, "办好了", "您报了 30 分钟")


async def confirms_and_rates(page: Page, address: str) -> None:
    await comes(page, address, lambda: page.get_by_role("button", name="解决了", exact=True))
    await press(page, "解决了", "满意吗")
    await page.get_by_label("非常满意").check()
    await page.get_by_label("想说的话").fill("来得很快")
    await press(page, "提交评价", "谢谢您的评价")
    await expect(page.get_by_text("非常满意").first).to_be_visible()


async def earned(page: Page, before: int) -> None:
    """Points and the notice of them arrive by themselves, within the time of their services."""

    async def more() -> bool:
        return await balance(page) > before

    await eventually(more)
    await expect(page.locator(".statement li").first).to_contain_text("完成任务")
    await comes(page, "/inbox", lambda: page.get_by_text(re.compile("积分")))


async def is_in_grid(page: Page, words: str) -> bool:
    """Whether the grid worker's list has it; what is due before it may fill pages."""
    await page.goto(f"{HOME}grid")
    onward = page.get_by_role("link", name="往后看")
    while not await page.get_by_text(words).count():
        if not await onward.count():
            return False
        async with page.expect_navigation():
            await onward.click()
    return True


async def told(pages: dict[str, Page], words: str, address: str, *, has_scripts: bool) -> None:
    """What the resident and the grid worker see while it is under way."""
    resident, grid = pages["resident"], pages["gridworker"]
    if not has_scripts:
        await resident.reload()
    await expect(resident.get_by_role("heading", name="待接单")).to_be_visible(timeout=15_000)
    await eventually(lambda: is_in_grid(grid, words))
    await comes(resident, "/inbox", lambda: resident.locator("li.unread"))
    await resident.goto(address)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with-scripts", "without-scripts"])
async def test_from_filing_to_rated(visitors: Visitors, has_scripts: bool, tmp_path: Path) -> None:
    words = f"门厅的灯一闪一闪，晚上看不清{'' if has_scripts else '台阶'}"
    picture = tmp_path / "灯.jpg"
    picture.write_bytes(photo("JPEG", 1, (1200, 900)))
    async with four_people(visitors, has_scripts=has_scripts) as pages:
        before = await balance(pages["volunteer"])
        await pages["staff"].goto(f"{HOME}desk?queue=to_triage")
        address = await files(pages["resident"], words)
        await puts_on_list(pages["staff"], words, is_told=has_scripts)
        await told(pages, words, address, has_scripts=has_scripts)
        await works(pages["volunteer"], words, picture)
        if has_scripts:  # the page of the resident was open all the while
            button = pages["resident"].get_by_role("button", name="解决了", exact=True)
            await expect(button).to_be_visible(timeout=15_000)
        await confirms_and_rates(pages["resident"], address)
        await earned(pages["volunteer"], before)
        await pages["staff"].goto(f"{HOME}desk?q={words}")
        await expect(pages["staff"].locator("table.requests")).to_contain_text("已结案")
