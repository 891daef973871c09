"""Photos that are too large: a sentence beside the field, in any browser, and no lost answer."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from deploy.demo.community import COMMUNITY
from tests.browser.checks import Watch
from tests.browser.harness import Visitors
from tests.support.pictures import photo

MEGABYTE = 1024 * 1024
SENT_TO = f"/in/{COMMUNITY}/requests/{{asked}}/photos"


@pytest.fixture
def large(tmp_path: Path) -> list[Path]:
    """Seven photos of 8.5 MB each: one is too large, all are more than any form may be."""
    found = [tmp_path / f"{number}.jpg" for number in range(7)]
    for one in found:
        one.write_bytes(photo() + bytes(8 * MEGABYTE + MEGABYTE // 2))
    return found


async def opened(page: Page, visitors: Visitors) -> None:
    await page.goto(SENT_TO.format_map(visitors.scene.things))


async def send(page: Page) -> None:
    await page.locator("main form button").first.click()


async def test_one_is_told_beside_its_field(visitors: Visitors, large: list[Path]) -> None:
    """By the server: a browser without script sends it."""
    async with visitors.context_of("resident", has_scripts=False) as context:
        page = await context.new_page()
        await opened(page, visitors)
        await page.locator("#photos").set_input_files(large[0])
        await send(page)
        remark = page.locator("#photos_remark")
        await expect(remark).to_contain_text("第 1 张（0.jpg）")
        await expect(remark).to_contain_text("8 MB")
        await expect(page.locator("#photos")).to_have_attribute("aria-invalid", "true")


async def test_more_than_a_form_may_be_is_answered_by_a_page(
    visitors: Visitors, large: list[Path]
) -> None:
    """The browser has sent all of it when it hears so; its connection is not cut."""
    async with visitors.context_of("resident", has_scripts=False) as context:
        page = await context.new_page()
        watch = Watch(page, visitors.scene.origin)
        await opened(page, visitors)
        await page.locator("#photos").set_input_files(large)
        await send(page)
        await expect(
            page.get_by_text("照片太大，没有收下。最多 6 张，每张不超过 8 MB")
        ).to_be_visible()
        assert watch.status == 413
        await page.get_by_role("link", name="再填一次").click()
        await expect(page.locator("#photos")).to_be_visible()


@pytest.mark.parametrize("count", [1, 7])
async def test_with_script_it_is_told_before_anything_is_sent(
    visitors: Visitors, large: list[Path], count: int
) -> None:
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        posted: list[str] = []
        page.on("request", lambda one: posted.append(one.url) if one.method == "POST" else None)
        await opened(page, visitors)
        await page.locator("#photos").set_input_files(large[:count])
        await expect(page.locator("#photos_remark")).to_contain_text("最多 6 张，每张不超过 8 MB")
        await send(page)
        await expect(page.locator("#photos")).to_be_focused()
        assert posted == []
        small = {"name": "灯.jpg", "mimeType": "image/jpeg", "buffer": photo()}
        await page.locator("#photos").set_input_files(small)
        await expect(page.locator("#photos_remark")).to_have_count(0)
        await expect(page.locator("#photos")).to_have_attribute("aria-invalid", "false")


async def test_a_draft_that_is_too_large_is_told_and_not_tried_for_ever(
    visitors: Visitors, large: list[Path]
) -> None:
    """A browser whose script does not look at photos: what the server says is heard."""
    async with visitors.context_of("resident") as context:
        page = await context.new_page()
        await page.goto(f"/in/{COMMUNITY}/requests/new/at-once")
        field = page.locator("#photos")
        await field.evaluate("(one) => one.removeAttribute('data-too-large')")
        await page.get_by_label("维修").check()
        await page.locator("#place").select_option(index=1)
        await page.locator("#description").fill("照片很大")
        await field.set_input_files(large)
        await send(page)
        await expect(page.locator("main .remark").first).to_contain_text(
            "照片太大，没有收下", timeout=30_000
        )
