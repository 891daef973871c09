"""The register by forms: one person or one place at a time, with what is wrong beside its field."""

from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.browser.harness import Visitors
from tests.browser.test_people import HOSTILE, PEOPLE, PLACES, WORST, desk, phone
from tests.browser.test_ways_in import PASSWORD, added, choose, fresh, known, newcomer


async def test_nobody_is_added_twice_by_mistake(visitors: Visitors) -> None:
    name = fresh("吴")
    first = await added(visitors, name)
    async with desk(visitors, f"{PEOPLE}/new", has_scripts=False) as page:
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.locator("#name_remark")).to_have_text("请填写姓名。")
        await page.get_by_label("姓名").fill(name)
        await page.get_by_label("电话").fill("12")
        await page.get_by_role("button", name="登记", exact=True).click()
        same = page.get_by_role("alert").get_by_role("link", name=name)
        assert await same.get_attribute("href") == f"{PEOPLE}/{first}"
        await choose(page, "是另一个人，照样登记")
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.locator("#phone_remark")).to_be_visible()
        await page.get_by_label("电话").fill(phone())
        await page.get_by_label("登录名").fill("staff")
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.locator("#login_name_remark")).to_contain_text("已被使用")
        await page.get_by_label("登录名").fill("")
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_text("已登记。")).to_be_visible()
        assert first not in page.url
        await page.goto(f"{PEOPLE}?q={name}")
        await expect(page.locator("tbody tr")).to_have_count(2)


async def test_roles_organisations_and_home_are_changed_by_forms(visitors: Visitors) -> None:
    name = fresh("郑")
    path = f"{PEOPLE}/{await added(visitors, name)}"
    async with desk(visitors, path, has_scripts=False) as page:
        await page.get_by_role("link", name="改角色和单位").click()
        stale = await page.context.new_page()
        await stale.goto(page.url)
        await page.get_by_label("居民", exact=True).uncheck()
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#roles_remark")).to_have_text("请至少选一个角色。")
        await choose(page, "网格员", "单位成员", "驻区单位一")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_text("单位成员、网格员")).to_be_visible()
        await expect(page.get_by_text("驻区单位一")).to_be_visible()
        await stale.get_by_role("button", name="保存").click()
        await expect(stale.get_by_role("alert")).to_contain_text("已被他人修改")
        await page.get_by_role("link", name="登记住址").click()
        for title in ("第一网格", "文化路1号院", "1栋"):
            await page.locator("main .tiles").get_by_role("link", name=title).click()
        await page.locator("main .tiles").get_by_role("link", name="102室").click()
        await page.get_by_role("button", name="住在这里").click()
        await expect(page.get_by_text("住址已保存")).to_be_visible()
        await expect(page.get_by_role("link", name="102室")).to_be_visible()
        await expect(page.get_by_text("单位成员、网格员")).to_be_visible()
        await page.get_by_role("link", name="改住址或去掉").click()
        await page.get_by_label("小区和楼栋").fill("2号院 3栋")
        await page.get_by_role("button", name="查找").click()
        await page.get_by_role("link", name="文化路2号院 3栋").click()
        await page.get_by_role("button", name="住在这里").click()
        await expect(page.get_by_role("link", name="3栋")).to_be_visible()


async def test_a_home_that_is_wrong_is_taken_away(visitors: Visitors) -> None:
    path = f"{PEOPLE}/{await added(visitors, fresh('陈'), 'resident', 'grid_worker')}"
    async with desk(visitors, f"{path}/home", has_scripts=False) as page:
        await expect(page.get_by_text("网格员请选负责的网格")).to_be_visible()
        await page.locator("main .tiles").get_by_role("link", name="第二网格").click()
        await page.get_by_role("button", name="在这里工作").click()
        await page.get_by_role("link", name="改住址或去掉").click()
        await expect(page.get_by_role("heading", name="现在登记的住址")).to_be_visible()
        stale = await page.context.new_page()
        await stale.goto(page.url)
        await page.get_by_role("button", name="住址不对，去掉").click()
        await expect(page.get_by_text("住址已去掉")).to_be_visible()
        await expect(page.get_by_role("link", name="登记住址")).to_be_visible()
        await expect(page.get_by_text("居民、网格员")).to_be_visible()
        await stale.get_by_role("button", name="住址不对，去掉").click()
        await expect(stale.get_by_role("alert")).to_contain_text("已被他人修改")


async def test_a_name_and_a_phone_are_corrected(visitors: Visitors) -> None:
    name, number = fresh("张贵"), phone()
    path = f"{PEOPLE}/{await added(visitors, name)}"
    async with desk(visitors, path, has_scripts=False) as page:
        await page.get_by_role("link", name="改姓名或电话").click()
        await expect(page.get_by_label("姓名")).to_have_value(name)
        await page.get_by_label("姓名").fill("")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#name_remark")).to_have_text("请填写姓名。")
        await page.get_by_label("姓名").fill(f"{name}兰")
        await page.get_by_label("新电话").fill("12")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#phone_remark")).to_be_visible()
        await expect(page.get_by_label("姓名")).to_have_value(f"{name}兰")
        await page.get_by_label("新电话").fill(number)
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("heading", name=f"{name}兰")).to_be_visible()
        await expect(page.get_by_text(f"{number[:3]}****{number[-4:]}")).to_be_visible()
        await expect(page.get_by_text(number)).to_have_count(0)


async def test_somebody_leaves_and_comes_back(visitors: Visitors) -> None:
    name = fresh("王")
    path = f"{PEOPLE}/{await added(visitors, name, 'resident', 'volunteer')}"
    async with desk(visitors, path, has_scripts=False) as page:
        await page.get_by_role("link", name="让此人离开本社区").click()
        await page.get_by_role("button", name="确定离开").click()
        await expect(page.get_by_text("已离开本社区。")).to_be_visible()
        await page.goto(f"{PEOPLE}?q={name}")
        await expect(page.get_by_text("没有找到")).to_be_visible()
        await page.get_by_role("link", name="已离开的人").click()
        await page.get_by_role("link", name=name).click()
        await page.get_by_role("link", name="重新加入本社区").click()
        await expect(page.get_by_label("居民", exact=True)).to_be_checked()
        await page.get_by_role("button", name="重新加入").click()
        await expect(page.get_by_role("link", name="改角色和单位")).to_be_visible()
        await page.goto(f"{PEOPLE}?q={name}")
        await expect(page.get_by_role("row", name=name)).to_contain_text("居民")


async def test_places_are_added_renamed_and_removed(visitors: Visitors) -> None:
    building, title = visitors.scene.things["building"], f"{uuid4().int % 10**6}室"
    async with desk(visitors, f"{PLACES}/{building}", has_scripts=False) as page:
        await page.get_by_role("link", name="在里面添加地点").click()
        await expect(page.get_by_label("户", exact=True)).to_be_checked()
        await page.get_by_role("button", name="添加", exact=True).click()
        await expect(page.locator("#title_remark")).to_have_text("请填写名称。")
        await page.get_by_label("名称").fill(title)
        await page.get_by_role("button", name="添加", exact=True).click()
        await expect(page.get_by_role("row", name=title)).to_contain_text(f"B1-{title[:-1]}")
        await page.get_by_role("link", name="在里面添加地点").click()
        await page.get_by_label("名称").fill(title)
        await page.get_by_role("button", name="添加", exact=True).click()
        await expect(page.locator("#code_remark")).to_contain_text("已被使用")
        await expect(page.get_by_label("名称")).to_have_value(title)
        await page.goto(f"{PLACES}/{building}")
        await page.get_by_role("link", name=title).click()
        await page.get_by_role("link", name="改名称或编码").click()
        await page.get_by_label("名称").fill(f"新{title}")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("heading", name=f"新{title}")).to_be_visible()
        await page.get_by_role("link", name="删除").click()
        await page.get_by_role("button", name="确定删除").click()
        await expect(page.get_by_text("已删除。")).to_be_visible()
        await expect(page.get_by_role("heading", name="1栋")).to_be_visible()
        await expect(page.get_by_role("row", name=title)).to_have_count(0)
        await page.get_by_role("link", name="删除").click()
        await page.get_by_role("button", name="确定删除").click()
        await expect(page.get_by_role("alert")).to_contain_text("还有其他地点或住户")


async def test_a_name_is_corrected_and_a_wrong_phone_is_taken_away(visitors: Visitors) -> None:
    former, present = fresh("冯"), fresh("冯")
    path = f"{PEOPLE}/{await added(visitors, former)}/name"
    async with (
        desk(visitors, path, has_scripts=False) as page,
        desk(visitors, path, has_scripts=False) as other,
    ):
        await other.get_by_label("新电话").fill(phone())
        await other.get_by_role("button", name="保存").click()
        await expect(other.get_by_text("已保存。")).to_be_visible()
        await page.get_by_label("姓名").fill(present)
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#name_remark")).to_contain_text("刚才有人改过姓名或电话")
        await expect(page.get_by_label("姓名")).to_have_value(present)
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("heading", name=present)).to_be_visible()
        await page.get_by_role("link", name="改姓名或电话").click()
        await page.get_by_role("button", name="去掉电话").click()
        await expect(page.get_by_text("电话已去掉。")).to_be_visible()
        await page.get_by_role("link", name="改姓名或电话").click()
        await expect(page.get_by_role("button", name="去掉电话")).to_have_count(0)


async def holds_no_markup(page: Page) -> None:
    """Whatever the page repeats stands there as text; icons of ours are no pictures."""
    assert await page.locator("main img, main b, main script").count() == 0


@pytest.mark.parametrize("words", WORST)
async def test_hostile_words_about_people_are_text(visitors: Visitors, words: str) -> None:
    said = f"{words}{uuid4().hex[:6]}"
    async with desk(visitors, f"{PEOPLE}/new") as page:
        await page.get_by_label("姓名").fill(said)
        await page.get_by_label("电话").fill(said)
        await page.get_by_label("登录名").fill(said)
        await page.get_by_role("button", name="登记", exact=True).click()
        for field in ("phone", "login_name"):
            await expect(page.locator(f"#{field}_remark")).to_be_visible()
            await expect(page.locator(f"#{field}")).to_have_value(said)
            await page.locator(f"#{field}").fill("")
        await holds_no_markup(page)
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_role("heading", name=said)).to_be_visible()
        await holds_no_markup(page)
        person = page.url.partition("?")[0]
        await known(visitors, person.rpartition("/")[2])
        await page.get_by_role("link", name="登记为志愿者").click()
        await page.get_by_label("想说的话").fill(said)
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.locator(".said")).to_have_text(said)
        await holds_no_markup(page)
        await is_text_on_every_page_of(person, page, said)


async def is_text_on_every_page_of(person: str, page: Page, said: str) -> None:
    """Somebody's forms, and their paper."""
    for step in ("membership", "name", "home", "leave", "volunteer"):
        await page.goto(f"{person}/{step}")
        await expect(page.locator("main strong")).to_have_text(said)
        await holds_no_markup(page)
    await page.goto(f"{person}/name")
    await expect(page.get_by_label("姓名")).to_have_value(said)
    await page.get_by_label("新电话").fill(said)
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_label("新电话")).to_have_value(said)
    await holds_no_markup(page)
    await page.goto(person)
    await page.get_by_role("button", name="生成邀请码").click()
    await expect(page.locator(".ticket h3")).to_have_text(said)
    await holds_no_markup(page)


@pytest.mark.parametrize("words", WORST)
async def test_hostile_places_organisations_and_codes_are_text(
    visitors: Visitors, words: str
) -> None:
    said = f"{words}{uuid4().hex[:6]}"
    async with desk(visitors, f"{PLACES}/{visitors.scene.things['building']}/add") as page:
        await page.get_by_label("名称").fill(said)
        await page.get_by_label("编码").fill(said)
        await page.get_by_role("button", name="添加", exact=True).click()
        row = page.locator("tbody a").filter(has_text=said)
        await expect(row).to_be_visible()
        await holds_no_markup(page)
        await row.click()
        await expect(page.get_by_role("heading", name=said)).to_be_visible()
        await holds_no_markup(page)
        await page.goto("/in/demo/register/organisations/new")
        await page.get_by_label("名称").fill(said)
        await page.get_by_role("button", name="添加", exact=True).click()
        row = page.locator("tbody a").filter(has_text=said)
        await expect(row).to_be_visible()
        await holds_no_markup(page)
        await row.click()
        await expect(page.get_by_label("编码")).to_have_value(said[:40])
        await holds_no_markup(page)
        await page.goto("/invitation")
        await page.get_by_label("邀请码").fill(said)
        await page.get_by_role("button", name="下一步").click()
        await expect(page.get_by_label("邀请码")).to_have_value(said)
        await holds_no_markup(page)


@pytest.mark.parametrize("words", WORST)
async def test_hostile_communities_numbers_and_searches_are_text(
    visitors: Visitors, words: str
) -> None:
    async with desk(visitors, "/operator/communities/new", "operator") as page:
        for field in ("title", "slug", "prefix", "district", "subdistrict"):
            await page.locator(f"#{field}").evaluate("(one) => one.removeAttribute('maxlength')")
            await page.locator(f"#{field}").fill(words)
        await page.get_by_role("button", name="开通").click()
        await expect(page.locator("#slug_remark")).to_be_visible()
        for field in ("title", "district", "subdistrict"):
            await expect(page.locator(f"#{field}")).to_have_value(words)
        await holds_no_markup(page)
    grid, person = visitors.scene.things["grid"], visitors.scene.things["neighbour"]
    async with desk(visitors, f"{PLACES}/{grid}/service-phone") as page:
        await page.locator("#phone").fill(words)
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#phone_remark")).to_be_visible()
        await expect(page.locator("#phone")).to_have_value(words)
        await holds_no_markup(page)
        for path in (PEOPLE, PLACES, "/in/demo/register/organisations", f"{PEOPLE}/{person}/home"):
            await page.goto(path)
            await page.locator("#q").fill(words)
            await page.get_by_role("button", name="查找").click()
            await expect(page.locator("#q")).to_have_value(words)
            await holds_no_markup(page)


async def test_hostile_words_of_a_newcomer_are_text(visitors: Visitors) -> None:
    said = "".join(HOSTILE)
    person = await added(visitors, fresh("何"))
    async with newcomer(visitors, person) as page:
        await page.get_by_label("登录名").fill(said)
        await page.get_by_label("密码", exact=True).fill(PASSWORD)
        await page.get_by_label("再填一次密码").fill(PASSWORD)
        await page.get_by_role("button", name="设好了").click()
        await expect(page.locator("#login_name_remark")).to_be_visible()
        await expect(page.get_by_label("登录名")).to_have_value(said)
        await holds_no_markup(page)
        await page.goto("/in/demo/volunteering")
        await page.get_by_label("想说的话").fill(said)
        await page.get_by_role("button", name="我要报名").click()
        await expect(page.get_by_label("想说的话")).to_have_value(said)
        await holds_no_markup(page)
    async with desk(visitors, "/in/demo/register/volunteers?stands=waiting") as page:
        await expect(page.get_by_text(said)).to_be_visible()
        await holds_no_markup(page)
