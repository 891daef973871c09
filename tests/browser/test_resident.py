"""A resident's phone: filing without script, by keyboard, with hostile words; and how it went."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from deploy.demo.community import COMMUNITY
from tests.browser.checks import Watch
from tests.browser.harness import DESK, View, Visitors
from tests.browser.keyboard import Keyboard
from tests.browser.test_slips import resolved, story_of
from tests.support.pictures import photo
from tests.support.platform import eventually

HOME = f"/in/{COMMUNITY}/"
LARGEST_SCRIPT_BYTES = 40 * 1024
HOSTILE = (
    "<script>hacked = 1</script>",
    "<img src=x onerror='hacked = 1'>",
    '"><svg onload=hacked=1>',
    "' autofocus onfocus='hacked = 1",
    "</textarea></title><script>hacked = 1</script>",
    "javascript:hacked=1",
    "{{ 7*7 }}{% raw %}{# #}${7*7}",
    "<!--<script>&lt;script&gt;&#x3c;b",
    "\u202e反\u202c\u2066零\u2069宽\u200b\ufeff",
    "%s%(name)d%n\\u003cscript\\u003e",
)
"""Each of them tries to leave the place where text stands, in one way or another."""


async def tell(page: Page) -> None:
    """From the first page to the last step, by the ways that are shown."""
    await page.goto(HOME)
    await page.get_by_role("link", name="我要报事").click()
    await page.get_by_role("link", name="维修").click()
    await page.get_by_role("link", name=re.compile("就在我家这里")).click()
    await expect(page.get_by_role("heading", name="说说情况")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_filed_followed_and_withdrawn(
    visitors: Visitors, has_scripts: bool, tmp_path: Path
) -> None:
    picture = tmp_path / "灯.jpg"
    picture.write_bytes(photo("JPEG", 6, (1200, 900)))
    async with visitors.context_of("resident", has_scripts=has_scripts) as context:
        page = await context.new_page()
        await tell(page)
        await page.get_by_label("是什么情况").fill("三楼楼道灯不亮")
        await page.get_by_label("具体位置").fill("2单元3楼")
        await page.get_by_label("照片").set_input_files(picture)
        await page.get_by_role("button", name="提交", exact=True).click()
        await expect(page.get_by_role("heading", name="已提交")).to_be_visible()
        await page.get_by_role("link", name="查看这件诉求").click()
        await expect(page.get_by_role("heading", name="待受理")).to_be_visible()
        await expect(page.get_by_text("具体位置：2单元3楼")).to_be_visible()
        shown = page.get_by_role("img", name=re.compile("照片"))
        await shown.scroll_into_view_if_needed()
        await expect(shown).to_have_js_property("naturalWidth", 1200)
        await page.get_by_role("link", name="撤回这件诉求").click()
        await page.get_by_role("button", name="撤回").click()
        await expect(page.get_by_role("heading", name="已撤单")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_solved_and_rated(visitors: Visitors, has_scripts: bool) -> None:
    async with story_of(visitors) as story:
        request = await resolved(story)
    async with visitors.context_of("resident", has_scripts=has_scripts) as context:
        page = await context.new_page()
        await page.goto(f"{HOME}requests/{request}")
        await expect(page.get_by_text("会自动结案")).to_be_visible()
        await page.get_by_role("button", name="解决了").click()
        await page.get_by_label("非常满意").check()
        await page.get_by_label("想说的话").fill("来得很快")
        await page.get_by_role("button", name="提交评价").click()
        await expect(page.get_by_role("status").filter(has_text="谢谢")).to_be_visible()
        await expect(page.locator(".timeline")).to_contain_text("来得很快")


async def test_filing_with_the_keyboard_alone(visitors: Visitors) -> None:
    async with visitors.context_of("resident", View(width=DESK)) as context:
        page = await context.new_page()
        keyboard = Keyboard(page)
        await page.goto(HOME)
        await keyboard.press("link", "我要报事")
        await expect(page.get_by_role("heading", name="什么事？")).to_be_visible()
        await keyboard.press("link", "安全隐患")
        await expect(page.get_by_role("heading", name="在哪里？")).to_be_visible()
        await keyboard.reach(page.get_by_role("link", name=re.compile("就在我家这里")))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="说说情况")).to_be_visible()
        await keyboard.write("是什么情况", "电线裸露")
        await keyboard.press("button", "提交")
        await expect(page.get_by_role("heading", name="已提交")).to_be_visible()


async def test_hostile_words_are_shown_as_they_were_written_and_run_nothing(
    visitors: Visitors,
) -> None:
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        watch = Watch(page, visitors.scene.origin)
        for words in HOSTILE:
            await tell(page)
            await page.get_by_label("替别人报").check()
            for label in ("具体位置", "对方怎么称呼", "对方电话"):
                await page.get_by_label(label).fill(words)
            await page.get_by_role("button", name="提交", exact=True).click()
            await expect(page.get_by_text("请说说是什么情况")).to_be_visible()
            await expect(page.get_by_label("具体位置")).to_have_value(words)
            await page.get_by_label("是什么情况").fill(words)
            await page.get_by_role("button", name="提交", exact=True).click()
            await page.get_by_role("link", name="查看这件诉求").click()
            said = page.locator(".said")
            await expect(said.first).to_have_text(words, use_inner_text=False)
            await expect(said.nth(1)).to_contain_text(f"具体位置：{words}")
            await page.goto(f"{HOME}requests")
            assert await page.evaluate("typeof hacked") == "undefined"
    assert [one for one in watch.findings if "400" not in one] == []


async def test_the_first_use_needs_little_script(visitors: Visitors) -> None:
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        await tell(page)
        scripts = await page.locator("script[src]").evaluate_all("all => all.map(one => one.src)")
        assert len(scripts) > 1
        brought = [
            await (await context.request.get(address)).body()
            for address in (*scripts, "/service-worker.js")
        ]
    weights = [len(gzip.compress(script, 9)) for script in brought]
    assert sum(weights) <= LARGEST_SCRIPT_BYTES, weights


async def test_a_notice_leads_to_its_request_and_counts_no_more(visitors: Visitors) -> None:
    async with story_of(visitors) as story:
        request = await resolved(story)

        async with visitors.context_of("resident", has_scripts=False) as context:
            page = await context.new_page()

            async def unread() -> int:
                await page.goto("/inbox")
                return int(await page.locator("#unread [data-live-count]").inner_text())

            async def has_come() -> bool:
                await page.goto("/inbox")
                return await page.locator("li.unread").filter(has_text="请确认结果").count() > 0

            await eventually(has_come, seconds=30)
            before = await unread()
            await page.locator("li.unread").first.get_by_role("button").click()
            await expect(page).to_have_url(re.compile(f"/requests/{request}"))
            assert await unread() == before - 1
