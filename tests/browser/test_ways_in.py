"""How people come in without a terminal: added, invited, signed in, made volunteers, let go."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from deploy.demo.api import Api, Refused, Session
from tests.browser.harness import Visitors, sign_in
from tests.browser.test_people import PEOPLE, PLACES, desk, phone
from tests.browser.test_story import comes, press
from tests.support.platform import eventually

LARGE_PRINT_PIXELS = 26  # 20 pt
PASSWORD = "春天的文化路 2026"
DIRECTORY = "/directory/demo/people"


def fresh(family: str) -> str:
    """A name that nobody else has."""
    return f"{family}{uuid4().hex[:8]}"


@asynccontextmanager
async def staff_of(visitors: Visitors) -> AsyncGenerator[Session]:
    """Staff, by the API."""
    async with Api(visitors.scene.origin) as api:
        yield await api.sign_in("staff", visitors.scene.sign_ins["staff"])


async def added(visitors: Visitors, name: str, *roles: str) -> str:
    """A new member; the id."""
    async with staff_of(visitors) as staff:
        return (await staff.post(DIRECTORY, {"name": name, "roles": roles or ("resident",)}))["id"]


async def known(visitors: Visitors, person: str) -> None:
    """Return when the volunteers service has heard of somebody."""
    async with staff_of(visitors) as staff:

        async def heard() -> bool:
            try:
                return bool(await staff.get(f"/volunteers/demo/service-hours/{person}"))
            except Refused:
                return False

        await eventually(heard)


async def code_of(visitors: Visitors, person: str) -> str:
    async with staff_of(visitors) as staff:
        return (await staff.post(f"{DIRECTORY}/{person}/invitation"))["code"]


@asynccontextmanager
async def newcomer(visitors: Visitors, person: str) -> AsyncGenerator[Page]:
    """Somebody who types a code from paper, without script."""
    code = await code_of(visitors, person)
    async with visitors.context_of(has_scripts=False) as context:
        page = await context.new_page()
        await enter(page, code.lower().replace("-", " "))
        await expect(page.get_by_role("heading", name="设一个密码")).to_be_visible()
        yield page


async def enter(page: Page, code: str) -> None:
    """Type a code where one types it."""
    await page.goto("/invitation")
    await page.get_by_label("邀请码").fill(code)
    await page.get_by_role("button", name="下一步").click()


async def choose_password(page: Page, login_name: str) -> None:
    await page.get_by_label("登录名").fill(login_name)
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_label("再填一次密码").fill(PASSWORD)
    await page.get_by_role("button", name="设好了").click()
    await expect(page.get_by_role("heading", name="密码设好了")).to_be_visible()


async def choose(page: Page, *labels: str) -> None:
    """Tick boxes, or take choices."""
    for label in labels:
        await page.get_by_label(label, exact=True).check()


async def registered(visitors: Visitors, name: str, number: str) -> list[str]:
    """Staff add somebody where they live, and make a code; it, and the address to go to."""
    home = visitors.scene.things["home"]
    async with desk(visitors, f"{PLACES}/{home}", has_scripts=False) as page:
        await page.get_by_role("link", name="登记住在这里的人").click()
        await page.get_by_label("姓名").fill(name)
        await page.get_by_label("电话").fill(number)
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
        await expect(page.get_by_role("link", name="101室")).to_be_visible()
        await page.get_by_role("button", name="生成邀请码").click()
        return await page.locator(".ticket .code").all_inner_texts()


async def test_from_a_name_in_the_register_to_a_person_who_signs_in(visitors: Visitors) -> None:
    name, number, login_name = fresh("周"), phone(), f"zhou-{uuid4().hex[:8]}"
    code, address = await registered(visitors, name, number)
    assert code.count("-") == 3
    assert address == f"{visitors.scene.origin}/invitation"
    async with visitors.context_of(has_scripts=False) as context:
        page = await context.new_page()
        await page.goto("/")
        await page.get_by_role("link", name="有邀请码").click()
        await expect(page).to_have_url(address)
        await page.get_by_label("邀请码").fill(f" {code.lower().replace('-', '')} ")
        await page.get_by_role("button", name="下一步").click()
        await expect(page).to_have_url(f"{address}/password")
        await expect(page.get_by_text(name)).to_be_visible()
        await expect(page.get_by_label("登录名")).to_have_value(number)
        await choose_password(page, login_name)
        await page.get_by_role("link", name="进入首页").click()
        await expect(page.get_by_role("heading", name="演示社区")).to_be_visible()
    async with visitors.context_of() as context:
        page = await context.new_page()
        await sign_in(page, login_name, PASSWORD)


async def test_a_code_is_printed_large_and_whole_and_alone(visitors: Visitors) -> None:
    name = fresh("李")
    async with desk(visitors, f"{PEOPLE}/{await added(visitors, name)}") as page:
        await page.get_by_role("button", name="生成邀请码").click()
        ticket = page.locator(".ticket")
        await expect(page.get_by_role("button", name="打印")).to_be_visible()
        await page.emulate_media(media="print")
        await expect(ticket.get_by_role("heading", name=name)).to_be_visible()
        await expect(ticket).to_have_css("break-inside", "avoid")
        size = await ticket.locator(".code").first.evaluate(
            "(one) => getComputedStyle(one).fontSize"
        )
        assert float(size.removesuffix("px")) >= LARGE_PRINT_PIXELS
        for other in ("heading", "button", "navigation"):
            shown = page.get_by_role(other).locator("visible=true")
            await expect(shown).to_have_count(1 if other == "heading" else 0)


async def test_a_code_that_was_used_is_told_beside_the_field(visitors: Visitors) -> None:
    code = await code_of(visitors, await added(visitors, fresh("孙")))
    async with Api(visitors.scene.origin) as api:
        await api.accept_invitation(code)
    async with visitors.context_of(has_scripts=False) as context:
        page = await context.new_page()
        await enter(page, code)
        await expect(page.locator("#code_remark")).to_contain_text("已使用或已过期")
        await expect(page.get_by_label("邀请码")).to_have_value(code)
        await expect(page).to_have_url(f"{visitors.scene.origin}/invitation")


async def test_the_street_may_not_make_staff_and_is_told(visitors: Visitors) -> None:
    street, worker = fresh("冯"), fresh("陈")
    neighbour = await added(visitors, worker)
    trusted = await added(visitors, fresh("褚"), "grid_worker")
    login_name = f"feng-{uuid4().hex[:8]}"
    person = await added(visitors, street, "subdistrict_staff")
    async with newcomer(visitors, person) as page:
        await choose_password(page, login_name)
        await page.goto(f"{PEOPLE}/{neighbour}/membership")
        await expect(page.get_by_label("志愿者", exact=True)).to_be_visible()
        await expect(page.get_by_label("社区工作人员", exact=True)).to_have_count(0)
        await page.goto(f"{PEOPLE}/{trusted}/membership")
        await expect(page.get_by_text("只能由社区工作人员或平台管理员更改")).to_be_visible()
        await expect(page.get_by_role("button", name="保存")).to_have_count(0)
        await page.goto(f"{PEOPLE}/{trusted}/leave")
        await page.get_by_role("button", name="确定离开").click()
        await expect(page.get_by_role("alert")).to_contain_text("只有社区工作人员")


async def test_a_neighbour_offers_to_help_and_staff_agree(visitors: Visitors) -> None:
    name = fresh("卫")
    person = await added(visitors, name)
    async with newcomer(visitors, person) as page:
        await page.goto("/me")
        await page.get_by_role("link", name="做志愿者").click()
        await choose(page, "维修", "陪伴照护")
        await page.get_by_label("想说的话").fill("周末有空")
        await page.get_by_role("button", name="我要报名").click()
        await expect(page.get_by_text("等社区工作人员同意")).to_be_visible()
        await expect(page.get_by_role("link", name="任务", exact=True)).to_have_count(0)
        async with desk(visitors, PEOPLE, has_scripts=False) as at_desk:
            await at_desk.get_by_role("navigation", name="名册").get_by_text("志愿者").click()
            await at_desk.get_by_role("link", name="等同意").click()
            await expect(at_desk.get_by_role("row", name=name)).to_contain_text("周末有空")
            await at_desk.get_by_role("link", name=name).click()
            await expect(at_desk.get_by_label("维修", exact=True)).to_be_checked()
            await at_desk.get_by_role("button", name="同意做志愿者").click()
            await expect(at_desk.get_by_text("居民、志愿者")).to_be_visible()
            await expect(at_desk.get_by_text("已登记，可以派活。")).to_be_visible()
        await choose_password(await again(page), login_name := f"wei-{uuid4().hex[:8]}")
    async with visitors.context_of(has_scripts=False) as context:
        page = await context.new_page()
        await sign_in(page, login_name, PASSWORD)
        await page.get_by_role("link", name="任务", exact=True).click()
        await page.get_by_role("link", name="我会做的").click()
        await choose(page, "先休息一阵")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_text("您在休息")).to_be_visible()


@pytest.mark.parametrize("role", ["resident", "grid_worker"])
async def test_who_is_made_a_volunteer_by_the_form_of_roles_has_tasks_with_the_notice(
    visitors: Visitors, role: str
) -> None:
    person = await added(visitors, fresh("韩"), role)
    async with newcomer(visitors, person) as page:
        path = f"{PEOPLE}/{person}/membership"
        async with desk(visitors, path, has_scripts=False) as at_desk:
            await choose(at_desk, "志愿者")
            await press(at_desk, "保存", "已保存")
        await comes(page, "/inbox", lambda: page.get_by_text("可以接任务了"))
        await page.get_by_role("button", name="打开").click()
        await expect(page.get_by_text("您可以接任务了")).to_be_visible()
        await page.get_by_role("link", name="任务", exact=True).click()
        await expect(page.get_by_role("heading", name="可以接的任务")).to_be_visible()


async def again(page: Page) -> Page:
    """The page for a password, to which one can come back as long as one is signed in."""
    await page.goto("/invitation/password")
    return page


async def test_staff_write_down_who_volunteers_by_mouth_and_may_say_not_now(
    visitors: Visitors,
) -> None:
    asked, offered = fresh("蒋"), fresh("沈")
    silent, eager = await added(visitors, asked), await added(visitors, offered)
    path = f"{PEOPLE}/{silent}"
    await known(visitors, silent)
    async with newcomer(visitors, eager) as page:
        await page.goto("/in/demo/volunteering")
        await page.get_by_role("button", name="我要报名").click()
        await expect(page.get_by_text("等社区工作人员同意")).to_be_visible()
    async with desk(visitors, path, has_scripts=False) as page:
        await page.get_by_role("link", name="登记为志愿者").click()
        await choose(page, "陪伴照护")
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_text("居民、志愿者")).to_be_visible()
        await page.goto(f"{PEOPLE}/{eager}/volunteer")
        await page.get_by_role("button", name="暂不同意").click()
        await expect(page.get_by_text("已登记，在休息。")).to_be_visible()
        await page.goto("/in/demo/register/volunteers?stands=waiting")
        await expect(page.get_by_role("row", name=offered)).to_have_count(0)
        await page.get_by_role("link", name="在休息").click()
        await expect(page.get_by_role("row", name=offered)).to_be_visible()


async def opened(visitors: Visitors, slug: str, title: str) -> str:
    """The operator opens a community; the code of its first staff."""
    async with desk(visitors, "/operator", "operator", has_scripts=False) as page:
        await page.get_by_role("link", name="开通社区").click()
        await page.get_by_label("社区名称").fill(title)
        await page.get_by_label("网址里的名字").fill("demo")
        await page.get_by_label("诉求编号的开头").fill("hs")
        await page.get_by_role("button", name="开通").click()
        await expect(page.locator("#slug_remark")).to_contain_text("已被使用")
        await page.get_by_label("网址里的名字").fill(slug)
        await page.get_by_role("button", name="开通").click()
        await expect(page.get_by_label("社区工作人员", exact=True)).to_be_checked()
        await page.get_by_label("姓名").fill("韩主任")
        await page.get_by_role("button", name="登记", exact=True).click()
        await page.get_by_role("button", name="生成邀请码").click()
        return await page.locator(".ticket .code").first.inner_text()


async def test_a_community_is_renamed(visitors: Visitors) -> None:
    slug, title = f"c{uuid4().hex[:8]}", fresh("错字社区")
    await opened(visitors, slug, title)
    async with desk(visitors, f"/in/{slug}/register/places", "operator", has_scripts=False) as page:
        await page.get_by_role("link", name="改社区").click()
        await expect(page.get_by_label("社区名称")).to_have_value(title)
        await page.get_by_label("社区名称").fill(" ")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#title_remark")).to_have_text("请填写社区名称。")
        await page.get_by_label("社区名称").fill(f"改好{title}")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_text("已保存。")).to_be_visible()
        await expect(page.get_by_role("heading", name=f"改好{title}")).to_be_visible()
        await expect(page.locator("header .place")).to_have_text(f"改好{title}")


async def test_a_community_is_opened_and_its_first_staff_come_in(visitors: Visitors) -> None:
    slug, title = f"c{uuid4().hex[:8]}", fresh("社区")
    code = await opened(visitors, slug, title)
    async with visitors.context_of(has_scripts=False) as context:
        page = await context.new_page()
        await enter(page, code)
        await choose_password(page, f"han-{uuid4().hex[:8]}")
        await page.goto(f"/in/{slug}/register/places")
        await expect(page.get_by_role("heading", name=title)).to_be_visible()
        await page.goto(f"/in/{slug}/register/organisations")
        await page.get_by_role("link", name="添加单位").click()
        await page.get_by_label("名称").fill("区税务局")
        await page.get_by_role("button", name="添加").click()
        await page.get_by_role("link", name="区税务局").click()
        await page.get_by_label("名称").fill("区税务局一分局")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("row", name="区税务局一分局")).to_contain_text("驻区单位")
