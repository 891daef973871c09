"""A paper slip: printed by staff, opened by whoever holds it, without an account."""

import re
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY
from tests.browser.harness import DESK, View, Visitors
from tests.support.story import REQUESTS, Story

HOSTILE = "<img src=x onerror=alert(1)>\"'{{ 7*7 }}</textarea><script>alert(2)</script>"


@asynccontextmanager
async def story_of(visitors: Visitors):
    sign_ins = {who: one for who, one in visitors.scene.sign_ins.items() if who != "operator"}
    async with Api(visitors.scene.origin) as api:
        yield await Story.of(api, sign_ins)


async def resolved(story: Story) -> str:
    request = await story.ask()
    task = await story.put_on_list(request)
    await story.claim(request, task)
    await story.complete(request, task)
    return request


async def printed(page: Page, request: str) -> str:
    """Make the slip as staff do; its code, as it stands on the paper."""
    await page.goto(f"/in/{COMMUNITY}/requests/{request}/slip")
    await page.get_by_role("button", name="生成回执").click()
    await expect(page.get_by_role("heading", name="诉求回执")).to_be_visible()
    return await page.locator(".slip .follow-up strong").inner_text()


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_printed_by_staff_and_followed_to_the_rating_without_an_account(
    visitors: Visitors, has_scripts: bool
) -> None:
    async with story_of(visitors) as story:
        request = await resolved(story)
        async with visitors.context_of("staff", has_scripts=has_scripts) as context:
            code = await printed(await context.new_page(), request)
        async with visitors.context_of(has_scripts=has_scripts) as context:
            page = await context.new_page()
            await page.goto("/f")
            await page.get_by_label("查询码").fill(f" {code.lower().replace('-', ' ')}")
            await page.get_by_role("button", name="查进度").click()
            await expect(page).to_have_url(re.compile(f"/f/{code}$"))
            await expect(page.locator(".timeline li")).to_contain_text(
                [
                    "提交诉求",
                    "社区受理",
                    "发布到需求清单",
                    "接单",
                    "开始办理",
                    "报告办好了",
                    "打印了回执",
                ]
            )
            await expect(page.get_by_text("会自动结案")).to_be_visible()
            await page.get_by_role("button", name="解决了", exact=True).click()
            await expect(page.get_by_text("这件诉求已结案")).to_be_visible()
            await page.get_by_label("满意", exact=True).check()
            await page.get_by_label("想说的话").fill(HOSTILE)
            await page.get_by_role("button", name="提交评价").click()
            await expect(page.get_by_text("您的评价：满意")).to_be_visible()
        history = await story.staff.get(f"{REQUESTS}/{request}/history")
    steps = [(one["kind"], one["via"], one["note"]) for one in history[-3:]]
    assert steps == [("slip_printed", None, ""), ("closed", "slip", ""), ("rated", "slip", HOSTILE)]


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_not_solved_needs_a_reason_and_sends_it_back(
    visitors: Visitors, has_scripts: bool
) -> None:
    async with story_of(visitors) as story:
        request = await resolved(story)
        code = await story.slip(request)
        async with visitors.context_of(has_scripts=has_scripts) as context:
            page = await context.new_page()
            await page.goto(f"/f/{code}")
            await page.get_by_role("link", name="没解决").click()
            await page.get_by_role("button", name="告诉办理的人").click()
            await expect(page.get_by_role("alert")).to_contain_text("请写一句哪里没解决")
            await page.get_by_label("哪里没解决").fill(HOSTILE)
            await page.get_by_role("button", name="告诉办理的人").click()
            await expect(page.get_by_text("已告诉办理的人")).to_be_visible()
            await expect(page.locator(".timeline li").last).to_contain_text("没解决，请办理人再办")
            await expect(page.get_by_role("button", name="解决了")).to_have_count(0)
            assert await page.locator("img, main script").count() == 0
        history = await story.staff.get(f"{REQUESTS}/{request}/history")
    assert [(one["kind"], one["note"]) for one in history[-1:]] == [("reworked", HOSTILE)]


async def test_the_paper_and_its_page_tell_of_nobody(visitors: Visitors) -> None:
    words = "三楼李桂英家的水龙头漏水"
    async with story_of(visitors) as story:
        request = await story.ask(words)
        places = await story.staff.everything(f"/directory/{COMMUNITY}/places", kind="building")
        async with visitors.context_of("staff") as context:
            page = await context.new_page()
            code = await printed(page, request)
            paper = await page.locator(".slip").inner_html()
    async with visitors.context_of() as context:
        page = await context.new_page()
        await page.goto(f"/f/{code}")
        shown = await page.content()
    secrets = [words, places[0]["title"], places[0]["id"], request]
    assert [one for one in secrets if one in paper or one in shown] == []


async def test_on_paper_there_is_the_slip_and_nothing_else(visitors: Visitors) -> None:
    async with visitors.context_of("staff", View(width=DESK)) as context:
        page = await context.new_page()
        await printed(page, visitors.scene.things["asked"])
        await page.emulate_media(media="print")
        for hidden in (".unprinted", "header", ".tabs"):
            await expect(page.locator(hidden).first).to_be_hidden()
        size = await page.locator(".slip dd").first.evaluate(
            "one => getComputedStyle(one).fontSize"
        )
        assert float(size.removesuffix("px")) >= 20
        qr = await page.locator(".qr svg").bounding_box()
        assert qr
        assert qr["width"] >= 200
        paper = await page.pdf(format="A4")
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1


async def test_a_new_slip_ends_the_one_before_and_a_wrong_code_is_kept_to_be_mended(
    visitors: Visitors,
) -> None:
    async with story_of(visitors) as story:
        request = await story.ask()
        old = await story.slip(request)
        await story.slip(request)
    async with visitors.context_of() as context:
        page = await context.new_page()
        await page.goto(f"/f/{old}")
        await expect(page.get_by_role("alert")).to_contain_text("查询码不对或已失效")
        await expect(page.get_by_label("查询码")).to_have_value(old)


async def test_only_who_may_print_gets_a_slip(visitors: Visitors) -> None:
    path = f"/in/{COMMUNITY}/requests/{{}}/slip"
    asked, listed = (path.format(visitors.scene.things[one]) for one in ("asked", "listed"))
    async with visitors.context_of() as context:
        page = await context.new_page()
        await page.goto(asked)
        await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    async with visitors.context_of("volunteer") as context:
        page = await context.new_page()
        answer = await page.goto(asked)
        assert answer
        assert answer.status == 404
        await page.goto(listed)  # anybody may see it, and not print
        await page.get_by_role("button", name="生成回执").click()
        await expect(page.get_by_role("alert")).to_contain_text("只有诉求人或代报人")
        await expect(page.locator(".qr")).to_have_count(0)
