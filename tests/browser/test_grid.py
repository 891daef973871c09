"""The grid worker's day on a phone, without scripts as with them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from deploy.demo.api import Api, Session
from tests.browser.harness import Visitors
from tests.support.pictures import photo

GRID = "/in/demo/grid"
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}</textarea><script>alert(2)</script>"


@asynccontextmanager
async def grid_worker(visitors: Visitors, *, has_scripts: bool = True) -> AsyncGenerator[Page]:
    """A page of the grid worker's; a dialog that a script opens fails the test."""
    async with visitors.context_of("gridworker", has_scripts=has_scripts) as context:
        page = await context.new_page()
        opened: list[str] = []
        page.on("dialog", lambda dialog: opened.append(dialog.message))
        yield page
        assert opened == []


@asynccontextmanager
async def staff(visitors: Visitors) -> AsyncGenerator[Session]:
    """What the services know."""
    async with Api(visitors.scene.origin) as api:
        yield await api.sign_in("staff", visitors.scene.sign_ins["staff"])


async def fill_in(page: Page, words: str, said: str = "亮了，谢谢") -> None:
    """The form of a small thing that was settled."""
    await page.get_by_label("维修").check()
    await page.get_by_label("在哪一栋").select_option(label="文化路1号院 1栋")
    await page.get_by_label("办了什么事").fill(words)
    await page.get_by_label("居民怎么说").fill(said)


async def test_my_grid_begins_with_what_is_due_first(visitors: Visitors) -> None:
    async with grid_worker(visitors, has_scripts=False) as page, staff(visitors) as session:
        await page.goto(GRID)
        shown = await page.locator(".cards .code").all_inner_texts()
        requests = await session.everything("/requests/demo/requests")
        due = {one["number"]: one["due_at"] or "9999" for one in requests}
        assert len(shown) >= 4
        assert shown == sorted(shown, key=lambda number: due[number])
        closed = next(one for one in requests if one["id"] == visitors.scene.things["closed"])
        assert closed["number"] not in shown
        await page.get_by_label("看哪一栋").select_option(label="文化路1号院 2栋")
        await page.get_by_role("button", name="查看").click()
        await expect(page.get_by_text("没有等着办的诉求。")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [False, True])
async def test_a_visit_is_logged_where_somebody_lives(
    visitors: Visitors, *, has_scripts: bool
) -> None:
    words = f"{uuid4()} {HOSTILE}"
    async with grid_worker(visitors, has_scripts=has_scripts) as page:
        await page.goto(GRID)
        await page.get_by_role("link", name="住户").click()
        await page.get_by_role("link", name="文化路1号院 1栋").click()
        await page.get_by_role("link", name="101室").click()
        await expect(page.get_by_text("张桂兰")).to_be_visible()
        await page.get_by_label("打电话").check()
        await page.get_by_label("情况").fill(words)
        await page.get_by_label("过几天还要再去").check()
        await page.get_by_role("button", name="记下来").click()
        await expect(page.get_by_text("走访已记下。")).to_be_visible()
        visit = page.locator(".cards li", has_text=words)
        await expect(visit).to_contain_text("打电话")
        await expect(visit).to_contain_text("小华")
        await expect(visit).to_contain_text("还要再去")


async def test_a_phone_is_masked_until_a_reason_is_given_and_that_is_recorded(
    visitors: Visitors,
) -> None:
    reason = f"核实漏水情况 {uuid4()}"
    async with grid_worker(visitors, has_scripts=False) as page, staff(visitors) as session:
        await page.goto(f"{GRID}/households/{visitors.scene.things['home']}")
        await expect(page.get_by_text("138****1234")).to_be_visible()
        await page.get_by_role("link", name="看完整电话").click()
        await page.get_by_role("button", name="看电话").click()
        await expect(page.locator("#reason_remark")).to_contain_text("请写明用途")
        await page.get_by_label("为什么要看").fill(reason)
        await page.get_by_role("button", name="看电话").click()
        call = page.get_by_role("link", name="拨打 13812341234")
        await expect(call).to_have_attribute("href", "tel:13812341234")
        shown = await session.everything("/directory/demo/people/revealed-phones")
        assert [one["person_id"] for one in shown if one["reason"] == reason] == [
            visitors.scene.things["neighbour"]
        ]


@pytest.mark.parametrize("has_scripts", [False, True])
async def test_a_small_thing_is_filed_and_closed_in_one_step(
    visitors: Visitors, *, has_scripts: bool
) -> None:
    words = f"{uuid4()} {HOSTILE}"
    async with (
        grid_worker(visitors, has_scripts=has_scripts) as page,
        staff(visitors) as session,
    ):
        await page.goto(f"{GRID}/households/{visitors.scene.things['home']}")
        await page.get_by_role("link", name="记即办").click()
        await expect(page.get_by_text("张桂兰")).to_be_visible()
        await fill_in(page, words, said="")
        await page.get_by_role("button", name="记录并办结").click()
        await expect(page.locator("#spoken_word_remark")).to_be_visible()
        await expect(page.get_by_label("办了什么事")).to_have_value(words)
        await expect(page.get_by_label("维修")).to_be_checked()
        await page.get_by_label("居民怎么说").fill("亮了，谢谢")
        picture = {"name": "灯.jpg", "mimeType": "image/jpeg", "buffer": photo()}
        await page.get_by_label("照片").set_input_files([picture])
        await page.get_by_role("button", name="记录并办结").click()
        await expect(page.get_by_text("已记录并办结。")).to_be_visible()
        requests = await session.everything("/requests/demo/requests", status="closed")
        [filed] = [one for one in requests if one["description"] == words]
        assert filed["closed_as"] == "on_the_spot"
        assert filed["requester_id"] == visitors.scene.things["neighbour"]
        photos = await session.get(f"/requests/demo/requests/{filed['id']}/photos")
        assert len(photos) == 1


async def test_a_torn_photo_is_refused_and_the_matter_is_on_record_once(
    visitors: Visitors,
) -> None:
    words = str(uuid4())
    async with grid_worker(visitors, has_scripts=False) as page, staff(visitors) as session:
        await page.goto(f"{GRID}/on-the-spot")
        await fill_in(page, words)
        torn = {"name": "半张.jpg", "mimeType": "image/jpeg", "buffer": photo()[:400]}
        await page.get_by_label("照片").set_input_files([torn])
        await page.get_by_role("button", name="记录并办结").click()
        await expect(page.locator("#photos_remark")).to_be_visible()
        await expect(page.get_by_text("事情已经记录")).to_be_visible()
        await page.get_by_role("button", name="记录并办结").click()
        await expect(page.get_by_text("已记录并办结。")).to_be_visible()
        requests = await session.everything("/requests/demo/requests", status="closed")
        assert [one["description"] for one in requests].count(words) == 1


async def test_only_a_grid_worker_finds_homes_here(visitors: Visitors) -> None:
    for who in ("resident", "volunteer", "staff", "unit"):
        async with visitors.context_of(who) as context:
            for path in ("", "/households", "/visits/new", "/on-the-spot"):
                answer = await context.request.get(f"{GRID}{path}")
                assert answer.status == 404, (who, path)
