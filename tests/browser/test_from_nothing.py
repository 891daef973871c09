"""From an empty platform to a request that is closed: everything in a browser, nothing typed
at a terminal, and no script."""

import re
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.harness import DESK, View, Visitors, sign_in
from tests.browser.scene import Scene
from tests.browser.test_story import comes, press
from tests.browser.test_ways_in import PASSWORD, choose, choose_password, enter
from tests.support.jinlin import up

HOME = "/in/yangshu/"
REGISTER = f"{HOME}register"
LINE = "010-0123 4567"
WORDS = "楼道的灯不亮，晚上看不清"


@pytest_asyncio.fixture
async def newcomers(browser: Browser) -> AsyncGenerator[Visitors]:
    """A platform on which nobody is but the operator."""
    with (
        tempfile.TemporaryDirectory(prefix="jinlin-empty-") as folder,
        up(Path(folder) / "data") as started,
    ):
        origin = await started.ready()
        yield Visitors(browser, Scene(origin, started.sign_ins, {}))


@asynccontextmanager
async def somebody(visitors: Visitors, width: int) -> AsyncGenerator[Page]:
    """A stranger's browser."""
    async with visitors.context_of(view=View(width=width), has_scripts=False) as context:
        yield await context.new_page()


async def on_paper(page: Page) -> str:
    """The code that is made for the person whose page it is, under the community's name."""
    await page.get_by_role("button", name="生成邀请码").click()
    await expect(page.locator(".ticket p").first).to_have_text("杨树社区 · 近邻")
    return await page.locator(".ticket .code").first.inner_text()


async def comes_in(page: Page, code: str, login_name: str) -> None:
    """By the code on paper; a password is chosen, and the first page is there."""
    await enter(page, code)
    await choose_password(page, login_name)
    await page.get_by_role("link", name="进入首页").click()
    await expect(page.get_by_role("heading", name="杨树社区")).to_be_visible()


async def opens_a_community(page: Page) -> str:
    """The operator's part; the code of the first staff."""
    await page.get_by_role("link", name="开通社区").click()
    await page.get_by_label("社区名称").fill("杨树社区")
    await page.get_by_label("网址里的名字").fill("yangshu")
    await page.get_by_label("诉求编号的开头").fill("YS")
    await page.get_by_role("button", name="开通").click()
    await page.get_by_label("姓名").fill("韩主任")
    await page.get_by_role("button", name="登记", exact=True).click()
    return await on_paper(page)


async def draws_up_places(page: Page) -> None:
    """From the community down to a household, and the number that people call."""
    await page.get_by_role("link", name="工作台", exact=True).click()
    await expect(page.get_by_role("heading", name="开始使用")).to_be_visible()
    await page.get_by_role("link", name="建好地点").click()
    await page.get_by_role("link", name="改 服务电话").click()
    await page.get_by_label("值班电话").fill(LINE)
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text(LINE)).to_be_visible()
    for title in ("第一网格", "杨树苑", "1栋", "101室"):
        await page.get_by_role("link", name="在里面添加地点").click()
        await page.get_by_label("名称").fill(title)
        await page.get_by_role("button", name="添加", exact=True).click()
        await page.locator("tbody").get_by_role("link", name=title).click()


async def adds(page: Page, name: str, *roles: str) -> str:
    """Somebody who does not live here; their code."""
    await page.goto(f"{REGISTER}/people")
    await page.get_by_role("link", name="登记一个人").click()
    await page.get_by_label("姓名").fill(name)
    if roles:
        await page.get_by_label("居民", exact=True).uncheck()
        await choose(page, *roles)
    await page.get_by_role("button", name="登记", exact=True).click()
    return await on_paper(page)


async def fills_the_register(page: Page) -> dict[str, str]:
    """The codes of a resident, of a neighbour who would help, and of a unit's member."""
    await draws_up_places(page)
    await page.get_by_role("link", name="登记住在这里的人").click()
    await page.get_by_label("姓名").fill("刘大妈")
    await page.get_by_role("button", name="登记", exact=True).click()
    codes = {"liu": await on_paper(page)}
    await page.goto(f"{REGISTER}/organisations")
    await page.get_by_role("link", name="添加单位").click()
    await page.get_by_label("名称").fill("杨树小学")
    await page.get_by_role("button", name="添加", exact=True).click()
    await expect(page.get_by_role("row", name="杨树小学")).to_be_visible()
    codes["unit"] = await adds(page, "校工老赵", "单位成员", "杨树小学")
    return codes | {"wei": await adds(page, "小魏")}


async def offers_to_help(page: Page) -> None:
    """A neighbour says what they can do; the community has yet to agree."""
    await page.get_by_role("link", name="我的", exact=True).click()
    await page.get_by_role("link", name="做志愿者").click()
    await choose(page, "维修")
    await page.get_by_role("button", name="我要报名").click()
    await expect(page.get_by_text("等社区工作人员同意")).to_be_visible()


async def agrees(page: Page) -> None:
    await page.goto(f"{REGISTER}/volunteers?stands=waiting")
    await page.get_by_role("link", name="小魏").click()
    await press(page, "同意做志愿者", "居民、志愿者")


async def asks(page: Page) -> str:
    """The resident files in three steps; the address of the request."""
    await comes(page, HOME, lambda: page.get_by_role("link", name=re.compile(LINE)))
    await page.get_by_role("link", name="我要报事").click()
    await page.get_by_role("link", name="维修").click()
    await page.get_by_role("link", name=re.compile("就在我家这里")).click()
    await page.get_by_label("是什么情况").fill(WORDS)
    await press(page, "提交", "已提交")
    await page.get_by_role("link", name="查看这件诉求").click()
    return page.url


async def dispatches(page: Page) -> None:
    """Staff take it in, and give it to the neighbour who can do it."""
    await page.goto(f"{HOME}desk?queue=to_triage")
    await page.locator("table.requests tr", has_text=WORDS).get_by_role("link").click()
    await press(page, "受理", "已受理")
    await page.get_by_label(re.compile("小魏")).check()
    await press(page, "派给选中的人", "已派单")


async def helps(page: Page) -> None:
    """Told that the community agreed, the neighbour has tasks at once, and does the first."""
    notice = await comes(page, "/inbox", lambda: page.get_by_text("可以接任务了"))
    await expect(notice).to_be_visible()
    card = page.locator(".cards li", has=page.get_by_text("可以接任务了"))
    await card.get_by_role("button", name="打开").click()
    await expect(page.get_by_text("您已登记")).to_be_visible()
    await page.get_by_role("link", name="任务", exact=True).click()
    await comes(page, f"{HOME}tasks", lambda: page.get_by_role("link", name=WORDS))
    await page.get_by_role("link", name=WORDS).click()
    await press(page, "我来接", "签到")
    await press(page, "签到", "办好了")
    await page.get_by_label("用了多少分钟").fill("30")
    await page.get_by_label("做了什么").fill("换了灯泡")
    await press(page, "办好了", "您报了 30 分钟")


async def test_a_community_begins_to_work_without_a_terminal(newcomers: Visitors) -> None:
    operator = newcomers.scene.sign_ins["operator"]
    async with (
        somebody(newcomers, DESK) as staff,
        somebody(newcomers, DESK) as unit,
        somebody(newcomers, View().width) as resident,
        somebody(newcomers, View().width) as neighbour,
    ):
        await sign_in(staff, "operator", operator)
        code = await opens_a_community(staff)
        await comes_in(staff, code, "han")
        codes = await fills_the_register(staff)
        await comes_in(neighbour, codes["wei"], "wei")
        await offers_to_help(neighbour)
        await agrees(staff)
        await comes_in(resident, codes["liu"], "liu")
        address = await asks(resident)
        await dispatches(staff)
        await helps(neighbour)
        await comes(resident, address, lambda: resident.get_by_role("button", name="解决了"))
        await press(resident, "解决了", "满意吗")
        await choose(resident, "非常满意")
        await press(resident, "提交评价", "谢谢您的评价")
        await comes_in(unit, codes["unit"], "zhao")
        await unit.get_by_role("link", name="任务", exact=True).click()
        await expect(unit.get_by_role("heading", name="可以接的任务")).to_be_visible()
        await staff.goto(f"{HOME}desk?q={WORDS}")
        await expect(staff.locator("table.requests")).to_contain_text("已结案")
        await sign_in_again(staff)


async def sign_in_again(page: Page) -> None:
    """With the password, from now on."""
    await page.goto("/me")
    await page.get_by_role("button", name="退出登录").click()
    await sign_in(page, "han", PASSWORD)
