"""The staff desk: found, taken in, dispatched and closed; a call is filed while it lasts."""

import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from deploy.demo.api import Api
from tests.browser.harness import DESK, PHONE, View, Visitors
from tests.browser.keyboard import Keyboard
from tests.browser.scene import CALLER
from tests.support.story import Story

HOSTILE = (
    "<script>window.hit = 1</script>",
    "\"><img src=x onerror='window.hit = 1'>",
    "{{ 7*7 }} {% raw %} ${7*7} %(num)s",
    "'; DROP TABLE step; -- \\ %",
    "\u202egnp.\u202c zalgo\u0335\u0321 𠮷🙂",
    "javascript:window.hit=1//",
)


@asynccontextmanager
async def desk(
    visitors: Visitors, path: str = "", *, width: int = DESK, has_scripts: bool = True
) -> AsyncGenerator[Page]:
    """The desk of the demo community, or a page below it, as its staff see it."""
    how = View(width=width)
    async with visitors.context_of("staff", how, has_scripts=has_scripts) as context:
        page = await context.new_page()
        await page.goto(f"/in/demo/desk{path}".format_map(visitors.scene.things))
        yield page


async def filed(page: Page, words: str) -> str:
    """A call of somebody whom the directory knows; the number of its request."""
    await page.goto("/in/demo/desk/intake")
    await page.get_by_label("来电人（电话、电话后四位或姓名）").fill(CALLER)
    await page.get_by_label("类别").select_option(label="维修")
    await page.get_by_label("什么事").fill(words)
    await page.get_by_role("button", name="登记", exact=True).click()
    return (await page.locator(".done strong").inner_text()).removeprefix("已登记 ")


async def opened(page: Page, number: str) -> None:
    """The request with this number is open, by a click in the list."""
    await page.goto("/in/demo/desk")
    await page.get_by_role("link", name=number).click()
    await expect(page.locator("#opened")).to_have_text(number)


async def step(page: Page, fold: str, label: str, words: str) -> None:
    """Unfold a step, fill in its field, and send it."""
    if not await page.get_by_label(label).is_visible():
        await page.locator("summary", has_text=fold).click()
    await page.get_by_label(label).fill(words)
    await page.get_by_role("button", name=fold, exact=True).click()


def tell(capsys: pytest.CaptureFixture[str], what: str, keyboard: Keyboard, began: float) -> None:
    took = time.monotonic() - began
    with capsys.disabled():
        sys.stderr.write(f"\n{what}: {keyboard.presses} keys, {took:.1f} s\n")


async def test_a_call_is_filed_with_the_keyboard_alone(visitors: Visitors, capsys) -> None:
    async with desk(visitors) as page:
        keyboard, began = Keyboard(page), time.monotonic()
        await keyboard.hit("n")
        await expect(page.get_by_role("heading", name="来电登记")).to_be_visible()
        await expect(page.get_by_label("来电人（电话、电话后四位或姓名）")).to_be_focused()
        await keyboard.type(CALLER[-4:])
        await expect(page.get_by_label("张桂兰")).to_be_checked()
        category = page.get_by_label("类别")
        await keyboard.reach(category)
        while await category.input_value() != "repair":
            await keyboard.hit("ArrowDown")
        await keyboard.write("什么事", "厨房水管漏水")
        await keyboard.press("button", "登记")
        await expect(page.locator(".done")).to_contain_text("待受理")
        tell(capsys, "a call filed", keyboard, began)
        await page.get_by_role("link", name="在工作台打开").click()
        facts = page.locator(".facts")
        await expect(facts).to_contain_text("张桂兰")
        await expect(facts).to_contain_text("文化路")
        assert keyboard.presses < 60


async def test_a_request_is_dispatched_with_the_keyboard_alone(visitors: Visitors, capsys) -> None:
    async with desk(visitors) as page:
        number = await filed(page, "楼道窗户关不上")
        await opened(page, number)
        await page.get_by_role("button", name="受理").click()
        await page.goto("/in/demo/desk?queue=to_dispatch")
        keyboard, began = Keyboard(page), time.monotonic()
        row = page.get_by_role("link", name=number)
        while not await row.evaluate("(element) => element === document.activeElement"):
            await keyboard.hit("j")
            assert keyboard.presses < 20
        await keyboard.hit("Enter")
        await expect(page.locator("#opened")).to_be_focused()
        await keyboard.hit("d")
        await expect(page.locator("[name=taker]").first).to_be_focused()
        await keyboard.hit("Space")
        await keyboard.press("button", "派给选中的人")
        await expect(page.locator(".done")).to_have_text("已派单，等对方接单。")
        tell(capsys, "a request dispatched", keyboard, began)
        await expect(page.locator(".facts")).to_contain_text("派给")


async def test_keys_are_letters_where_somebody_writes(visitors: Visitors) -> None:
    async with desk(visitors) as page:
        await page.keyboard.press("/")
        field = page.get_by_label("查找内容")
        await expect(field).to_be_focused()
        await page.keyboard.type("njkd/")
        await expect(field).to_have_value("njkd/")
        await expect(page.get_by_role("heading", name="工作台")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_taken_in_listed_and_withdrawn(visitors: Visitors, has_scripts: bool) -> None:
    async with desk(visitors, has_scripts=has_scripts) as page:
        await opened(page, await filed(page, "单元门关不严"))
        await page.locator("#panel").get_by_label("类别").select_option(label="安全隐患")
        await page.get_by_role("button", name="受理").click()
        await expect(page.locator(".done")).to_contain_text("已受理")
        await expect(page.locator("#panel")).to_contain_text("安全隐患")
        await expect(page.locator("#panel")).to_contain_text("还剩 3 小时")
        await page.locator("summary", has_text="放到需求清单").click()
        await page.get_by_label("需要几个人").fill("2")
        await page.get_by_role("button", name="放到需求清单").click()
        await expect(page.locator(".done")).to_contain_text("已放到需求清单")
        await step(page, "撤单", "撤单原因", "居民说不用了")
        await expect(page.locator(".standing")).to_contain_text("已撤单")
        await expect(page.locator(".timeline")).to_contain_text("居民说不用了")


async def test_work_is_sent_back_and_closed_and_opened_again(visitors: Visitors) -> None:
    scene = visitors.scene
    async with Api(scene.origin) as api:
        neighbours = {name: word for name, word in scene.sign_ins.items() if name != "operator"}
        story = await Story.of(api, neighbours)
        request = await story.ask("垃圾桶满了")
        task = await story.put_on_list(request)
        await story.claim(request, task)
        await story.complete(request, task)
    async with desk(visitors, f"?open={request}") as page:
        await expect(page.locator("#panel")).to_contain_text("换好了")
        await step(page, "没办好，退回重办", "哪里没办好", "桶边还有")
        await expect(page.locator(".done")).to_have_text("已退回重办。")
        await expect(page.locator(".timeline")).to_contain_text("桶边还有")
        async with Api(scene.origin) as api:
            story = await Story.of(api, neighbours)
            await story.complete(request, task)
        await page.reload()
        await page.get_by_role("button", name="核查通过，结案").click()
        await expect(page.locator(".done")).to_have_text("已核查，已结案。")
        await step(page, "重新打开", "为什么重新打开", "又堆满了")
        await expect(page.locator(".timeline")).to_contain_text("又堆满了")


async def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(
    visitors: Visitors,
) -> None:
    async with desk(visitors, "?open={registered}", has_scripts=False) as page:
        await page.get_by_role("button", name="派给选中的人").click()
        await expect(page.get_by_role("alert")).to_have_text("请选择派给谁。")
        await step(page, "写内部备注", "备注（只有工作人员看得到）", " ")
        await expect(page.get_by_role("alert")).to_have_text("请填写备注。")
        await step(page, "写内部备注", "备注（只有工作人员看得到）", "字" * 2001)
        await expect(page.get_by_label("备注（只有工作人员看得到）")).to_have_value("字" * 2001)
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.goto("/in/demo/desk/intake")
        await page.get_by_label("什么事").fill("要留下的话")
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_role("alert")).to_have_count(3)
        await expect(page.get_by_label("什么事")).to_have_value("要留下的话")


async def test_who_comes_second_is_told_and_shown_how_it_stands(visitors: Visitors) -> None:
    async with desk(visitors) as first, desk(visitors) as second:
        number = await filed(first, "路灯不亮")
        await opened(first, number)
        await opened(second, number)
        await step(first, "写内部备注", "备注（只有工作人员看得到）", "已联系路灯所")
        await second.get_by_role("button", name="受理").click()
        await expect(second.get_by_role("alert")).to_contain_text("刚才有人改过这条诉求")
        await expect(second.locator(".timeline")).to_contain_text("已联系路灯所")
        await second.get_by_role("button", name="受理").click()
        await expect(second.locator(".done")).to_contain_text("已受理")


async def test_somebody_else_is_found_by_name(visitors: Visitors) -> None:
    async with desk(visitors, "?open={registered}") as page:
        await page.get_by_label("找别的人或单位").fill("驻区单位一")
        await page.locator("#dispatch").get_by_role("button", name="查找").click()
        await expect(page.locator("[name=taker]")).to_have_count(1)
        await expect(page.locator(".candidates")).to_contain_text("单位")


async def test_a_phone_is_shown_and_that_is_recorded(visitors: Visitors) -> None:
    async with desk(visitors) as page:
        number = await filed(page, "想问问医保怎么办")
        await opened(page, number)
        await expect(page.locator("#panel")).not_to_contain_text(CALLER)
        await page.get_by_role("button", name="看诉求人的电话").click()
        await expect(page.get_by_role("link", name=CALLER)).to_be_visible()


async def test_somebody_new_is_registered_while_they_call(visitors: Visitors) -> None:
    async with desk(visitors, "/intake", has_scripts=False) as page:
        await page.get_by_label("来电人（电话、电话后四位或姓名）").fill("13900001111")
        await page.get_by_label("在哪里").fill("2号院3栋")
        await page.get_by_role("button", name="查找来电人和地点").click()
        await expect(page.get_by_label("新居民，登记到名册")).to_be_checked()
        await page.get_by_label("新居民的姓名").fill("赵新来")
        await page.get_by_label("类别").select_option(label="维修")
        await page.get_by_label("什么事").fill("门锁打不开")
        await page.locator("summary", has_text="即办").click()
        await page.get_by_label("用了几分钟").fill("15")
        await page.get_by_label("居民怎么说").fill("打开了，谢谢")
        await page.get_by_role("button", name="登记为已办好").click()
        await expect(page.locator(".done")).to_contain_text("已结案")
        await page.get_by_role("link", name="在工作台打开").click()
        await expect(page.locator(".facts")).to_contain_text("赵新来")
        await expect(page.locator(".facts")).to_contain_text("文化路2号院 3栋")


async def test_a_pasted_chat_fills_the_form_to_be_checked(visitors: Visitors) -> None:
    async with desk(visitors, "/intake") as page:
        await page.locator("summary", has_text="粘贴聊天内容").click()
        chat = f"张桂兰 10:32\n文化路2号院3栋门口的井盖松了，很危险。电话{CALLER}"
        await page.get_by_label("聊天内容").fill(chat)
        await page.get_by_role("button", name="填入表单").click()
        await expect(page.locator(".done")).to_contain_text("请核对")
        await expect(page.get_by_label("张桂兰")).to_be_checked()
        await expect(page.get_by_label("文化路2号院 3栋")).to_be_checked()
        await expect(page.get_by_label("什么事")).to_have_value(chat.partition("\n")[2])
        await page.get_by_label("类别").select_option(label="安全隐患")
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.locator(".done")).to_contain_text("待受理")


async def test_queues_filters_and_the_address_say_what_is_shown(visitors: Visitors) -> None:
    async with desk(visitors) as page:
        await page.locator(".queues").get_by_role("link", name="待派单").click()
        await expect(page.locator(".queues [aria-current]")).to_contain_text("待派单")
        await page.get_by_label("网格", exact=True).select_option(label="第一网格")
        await page.get_by_label("查找内容").fill("声控灯")
        await page.get_by_role("button", name="筛选").click()
        await expect(page.locator(".row")).to_have_count(1)
        await page.locator(".row").click()
        await expect(page.locator("#opened")).to_be_focused()
        await page.reload()
        await expect(page.locator(".row")).to_have_count(1)
        await expect(page.locator("#opened")).to_be_visible()
        await page.get_by_role("link", name="关闭").click()
        await page.get_by_role("link", name="清除筛选").click()
        await page.get_by_label("查找内容").fill("没有这样的话")
        await page.get_by_role("button", name="筛选").click()
        await expect(page.locator(".listed")).to_contain_text("这里没有诉求。")


async def test_on_a_phone_the_request_has_the_page_for_itself(visitors: Visitors) -> None:
    async with desk(visitors, width=PHONE) as page:
        await page.locator(".row").first.click()
        await expect(page.locator("#opened")).to_be_visible()
        await expect(page.locator(".requests")).to_be_hidden()
        await page.get_by_role("link", name="关闭").click()
        await expect(page.locator(".requests")).to_be_visible()


@pytest.mark.parametrize("words", HOSTILE)
async def test_whatever_is_written_is_text(visitors: Visitors, words: str) -> None:
    async with desk(visitors, "/intake") as page:
        await page.get_by_label("来电人（电话、电话后四位或姓名）").fill(words)
        await expect(page.get_by_label("新居民，登记到名册")).to_be_checked()
        await page.get_by_label("新居民的姓名").fill(words)
        await page.get_by_label("在哪里").fill(words)
        await page.get_by_label("什么事").fill(words)
        await page.get_by_role("button", name="登记", exact=True).click()
        await expect(page.get_by_label("什么事")).to_have_value(words)
        await expect(page.get_by_label("新居民的姓名")).to_have_value(words)
        number = await filed(page, words)
        await opened(page, number)
        await expect(page.locator("#panel .told").first).to_have_text(words)
        await step(page, "写内部备注", "备注（只有工作人员看得到）", words)
        await expect(page.locator(".timeline")).to_contain_text(words)
        await page.goto("/in/demo/desk/intake")
        await page.locator("summary", has_text="粘贴聊天内容").click()
        await page.get_by_label("聊天内容").fill(words)
        await page.get_by_role("button", name="填入表单").click()
        await expect(page.get_by_label("聊天内容")).to_have_value(words)
        await page.goto("/in/demo/desk")
        await page.get_by_label("查找内容").fill(words)
        await page.get_by_role("button", name="筛选").click()
        await expect(page.get_by_label("查找内容")).to_have_value(words)
        await expect(page.get_by_role("link", name=number)).to_be_visible()
        assert await page.evaluate("window.hit") is None
