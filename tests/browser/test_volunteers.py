"""Helpers' phones: take, begin and finish a task, also without script; who comes too late."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from deploy.demo.community import COMMUNITY
from tests.browser.checks import Watch
from tests.browser.harness import Visitors
from tests.browser.test_resident import HOSTILE
from tests.browser.test_slips import story_of
from tests.support.pictures import photo
from tests.support.platform import eventually
from tests.support.story import TASKS, Story

BOARD = f"/in/{COMMUNITY}/tasks"
LONG = "长" * 2001


@asynccontextmanager
async def page_of(
    visitors: Visitors, who: str = "volunteer", *, has_scripts: bool = True
) -> AsyncGenerator[Page]:
    """A phone, and nothing wrong is heard of any page but that a form was refused."""
    async with visitors.context_of(who, has_scripts=has_scripts) as context:
        page = await context.new_page()
        watch = Watch(page, visitors.scene.origin)
        yield page
        assert [one for one in watch.findings if not re.search("status of 4", one)] == []


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def headed(page: Page, title: str) -> None:
    await expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


async def test_from_the_board_to_the_points(visitors: Visitors, tmp_path: Path) -> None:
    picture = tmp_path / "after.jpg"
    picture.write_bytes(photo("JPEG", 6, (1200, 900)))
    async with story_of(visitors) as story:
        request = await story.ask("三楼扶手松了，请来紧一紧")
        task = await story.put_on_list(request)
        async with page_of(visitors, has_scripts=False) as page:
            await page.goto(BOARD)
            await page.get_by_role("link", name="三楼扶手松了").click()
            await expect(page).to_have_url(re.compile(f"{BOARD}/{task}$"))
            await helped(page, picture)
            await page.goto(f"{BOARD}/mine?stage=waiting")
            await expect(page.get_by_role("link", name="三楼扶手松了")).to_be_visible()
            await story.stands(request, "resolved")
            await story.close(request)
            await paid(story, request)
            await story.task(request, "closed")
            await page.goto(f"{BOARD}/points")
            await expect(page.locator(".statement li").first).to_contain_text("三楼扶手松了")
            await expect(page.locator(".statement strong").first).to_have_text("+13")
            await page.locator(".statement a").first.click()
            await headed(page, "已结案")


async def helped(page: Page, picture: Path) -> None:
    """Take the task that is shown, begin and finish it with a photo."""
    await press(page, "我来接")
    await headed(page, "已接单，等您签到")
    await press(page, "签到")
    await headed(page, "正在办理")
    await press(page, "办好了")
    await expect(page.locator("#note_remark")).to_have_text("请填写办理说明。")
    await page.get_by_label("用了多少分钟").fill("45")
    await page.get_by_label("做了什么").fill("换了两颗螺丝")
    await page.get_by_label("办好后的照片").set_input_files(picture)
    await press(page, "办好了")
    await headed(page, "办好了，等居民确认")
    await expect(page.get_by_text("您报了 45 分钟")).to_be_visible()
    photos = page.locator(".photos img")
    await expect(photos).to_have_count(1)
    shown = await page.context.request.get(await photos.get_attribute("src") or "")
    assert shown.headers["content-type"] == "image/jpeg"


async def paid(story: Story, request: str) -> None:
    """Return when the points of a request are booked."""
    path = f"/points/{COMMUNITY}/accounts/me/statement"

    async def booked() -> bool:
        lines = (await story.volunteer.get(path))["items"]
        return any(one["request_id"] == request for one in lines)

    await eventually(booked, seconds=30)


async def test_who_comes_too_late_is_offered_the_next_one(visitors: Visitors) -> None:
    async with story_of(visitors) as story:
        task = await story.put_on_list(await story.ask("抢着接的任务"))
        await story.put_on_list(await story.ask("还没有人接的任务"))
        errand = await story.ask("又近又新的另一类任务", category="errand")
        await story.put_on_list(errand)
        async with page_of(visitors) as slow, page_of(visitors, "unit") as fast:
            for page in (slow, fast):
                await page.goto(f"{BOARD}/{task}")
            await press(fast, "我来接")
            await headed(fast, "已接单，等您签到")
            await press(slow, "我来接")
            await headed(slow, "晚了一步")
            await expect(slow.get_by_text("被别人接走了")).to_be_visible()
            await expect(slow.locator(".cards a").first).not_to_have_text("又近又新的另一类任务")
            await slow.get_by_role("link", name="还没有人接的任务").click()
            await expect(slow.get_by_role("button", name="我来接")).to_be_visible()
            await slow.goto(f"{BOARD}/{task}")
            await headed(slow, "这个任务现在接不了")


async def test_who_taps_on_two_pages_holds_it_once(visitors: Visitors) -> None:
    async with story_of(visitors) as story:
        task = await story.put_on_list(await story.ask("点了两次的任务"))
        async with page_of(visitors) as one, page_of(visitors) as two:
            for page in (one, two):
                await page.goto(f"{BOARD}/{task}")
            for page in (one, two):
                await press(page, "我来接")
                await headed(page, "已接单，等您签到")


@pytest.mark.parametrize("is_offered", [True, False])
async def test_given_back_with_a_reason(visitors: Visitors, *, is_offered: bool) -> None:
    async with story_of(visitors) as story:
        request = await story.ask("要退回的任务")
        if is_offered:
            task = await story.offer(request, story.volunteer.person_id)
        else:
            task = await story.put_on_list(request)
            await story.volunteer.post(f"{TASKS}/{task}/claim", {})
        summary, button = (
            ("接不了，说明原因", "不接") if is_offered else ("去不了，退回任务", "退回任务")
        )
        async with page_of(visitors) as page:
            await page.goto(f"{BOARD}/{task}")
            await page.get_by_text(summary).click()
            await press(page, button)
            await expect(page.locator("#reason_remark")).to_have_text("请填写退单原因。")
            await page.get_by_label("原因").fill("临时有事")
            await press(page, button)
            await expect(page.get_by_text("已退回，社区会再找人。")).to_be_visible()
        told = await story.staff.get(f"{TASKS}/{task}")
        assert [one["reason"] for one in told["assignments"]] == (
            [] if is_offered else ["临时有事"]
        )


async def test_an_organisation_names_who_goes_and_anybody_of_it_begins(visitors: Visitors) -> None:
    async with story_of(visitors) as story:
        unit = await story.unit_id()
        new = {"name": "赵师傅", "roles": ["organisation_member"], "organisation_ids": [unit]}
        person = await story.staff.post(f"/directory/{COMMUNITY}/people", new)
        members = (await story.staff.get(f"/volunteers/{COMMUNITY}/known"))["memberships"]
        task = await story.offer(await story.ask("请单位派人"), unit, kind="organisation")
        async with page_of(visitors, "unit", has_scripts=False) as page:
            await page.goto(BOARD)
            await headed(page, "派给您的任务")
            await page.get_by_role("link", name="请单位派人").click()
            await page.get_by_label("谁去").select_option(label="赵师傅")
            await known(story, members)
            await press(page, "我来接")
            await headed(page, "已接单，等您签到")
            await expect(page.get_by_text("驻区单位一 赵师傅")).to_be_visible()
            [held] = (await story.staff.get(f"{TASKS}/{task}"))["assignments"]
            assert held["person_id"] == person["id"]
            await press(page, "签到")
            await headed(page, "正在办理")
            await page.goto(f"{BOARD}/mine")
            await expect(page.get_by_text("驻区单位一 · 您去").first).to_be_visible()
            await page.goto(f"{BOARD}/points?of={unit}")
            await expect(page.get_by_text("现有积分")).to_be_visible()


async def known(story: Story, members: int) -> None:
    """Return when the volunteers service has heard of one more member, or had before."""
    people = await story.staff.everything(f"/directory/{COMMUNITY}/people")

    async def heard() -> bool:
        counts = await story.staff.get(f"/volunteers/{COMMUNITY}/known")
        return counts["memberships"] >= max(members, len(people))

    await eventually(heard, seconds=30)


async def test_chips_narrow_the_list(visitors: Visitors) -> None:
    async with story_of(visitors) as story:
        await story.put_on_list(await story.ask("今天的维修"))
        async with page_of(visitors, has_scripts=False) as page:
            await page.goto(BOARD)
            await page.get_by_role("link", name="今天新增").click()
            await expect(page.get_by_role("link", name="今天的维修")).to_be_visible()
            await page.get_by_text("按类别看").click()
            await page.get_by_role("link", name="环境卫生").click()
            await expect(page.get_by_text("没有符合的任务。")).to_be_visible()
            await page.get_by_role("link", name="看全部").click()
            await expect(page.get_by_role("link", name="今天的维修")).to_be_visible()


async def test_hostile_words_are_shown_as_they_were_written_and_run_nothing(
    visitors: Visitors,
) -> None:
    async with story_of(visitors) as story, page_of(visitors) as page:
        for words in (" ".join(HOSTILE[:5]), " ".join(HOSTILE[5:])):  # a walk each
            task = await story.put_on_list(await story.ask(words))
            await page.goto(BOARD)
            await page.goto(f"{BOARD}/{task}")
            await expect(page.locator(".said")).to_have_text(words, use_inner_text=False)
            await press(page, "我来接")
            await page.get_by_text("去不了，退回任务").click()
            await page.get_by_label("原因").fill(words + LONG)
            await press(page, "退回任务")
            await expect(page.locator("#reason_remark")).to_be_visible()
            await expect(page.get_by_label("原因")).to_have_value(words + LONG)
            await press(page, "签到")
            await page.get_by_label("用了多少分钟").fill(words)
            await page.get_by_label("做了什么").fill(words)
            await press(page, "办好了")
            await expect(page.locator("#minutes_remark")).to_be_visible()
            await expect(page.get_by_label("用了多少分钟")).to_have_value(words)
            await expect(page.get_by_label("做了什么")).to_have_value(words)
            await page.get_by_label("用了多少分钟").fill("5")
            await press(page, "办好了")
            await expect(page.locator(".said").nth(1)).to_have_text(words, use_inner_text=False)
            assert await page.evaluate("typeof hacked") == "undefined"


async def test_addresses_that_lead_nowhere_say_so(visitors: Visitors) -> None:
    task = visitors.scene.things["task"]
    async with visitors.context_of("volunteer") as context:
        for path, status in (
            ("x", 404),
            ("00000000-0000-0000-0000-000000000000", 404),
            (f"{task}/photos/x", 404),
            ("?after=x", 400),
            ("?since=<b>", 400),
            ("?category=<script>", 200),
            ("mine?stage=x", 400),
            ("points?of=00000000-0000-0000-0000-000000000000", 200),
            (f"{task}/claim", 200),
        ):
            answer = await context.request.get(f"{BOARD}/{path}".replace("/?", "?"))
            assert answer.status == status, path
            assert "<script>" not in (await answer.text()), path
    async with visitors.context_of("resident") as context:
        assert (await context.request.get(BOARD)).status == 404


async def test_a_photo_that_is_wanted_comes_first(visitors: Visitors, tmp_path: Path) -> None:
    note = tmp_path / "not-a-photo.jpg"
    note.write_text("no photo")
    picture = tmp_path / "clean.jpg"
    picture.write_bytes(photo("JPEG", 1, (640, 480)))
    async with story_of(visitors) as story:
        request = await story.ask("扫楼道", category="cleaning")
        task = await story.put_on_list(request)
        await story.claim(request, task)
        async with page_of(visitors, has_scripts=False) as page:
            await page.goto(f"{BOARD}/{task}")
            await press(page, "办好了")
            await expect(page.locator("#photos_remark")).to_contain_text("请先上传办理照片")
            await page.get_by_label("做了什么").fill("扫干净了")
            await page.get_by_label("办好后的照片").set_input_files(note)
            await press(page, "办好了")
            await expect(page.locator("#photos_remark")).to_contain_text("这不是照片")
            await expect(page.get_by_label("做了什么")).to_have_value("扫干净了")
            await page.get_by_label("办好后的照片").set_input_files(picture)
            await press(page, "办好了")
            await headed(page, "办好了，等居民确认")
