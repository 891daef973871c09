"""Signing in and out as everybody can: with a keyboard alone, and without scripts."""

import pytest
from playwright.async_api import expect

from tests.browser.harness import DESK, View, Visitors, sign_in
from tests.browser.keyboard import Keyboard


async def test_with_the_keyboard_alone(visitors: Visitors) -> None:
    async with visitors.context_of(view=View(width=DESK)) as context:
        page = await context.new_page()
        keyboard = Keyboard(page)
        await page.goto("/")
        await keyboard.write("登录名", "resident")
        await keyboard.write("密码", visitors.scene.sign_ins["resident"])
        await keyboard.press("button", "登录")
        await expect(page.get_by_role("heading", name="我的诉求")).to_be_visible()
        await keyboard.press("link", "我的")
        await expect(page.get_by_role("heading", name="退出")).to_be_visible()
        await keyboard.press("button", "退出登录")
        await expect(page.get_by_role("button", name="登录")).to_be_visible()


async def test_the_first_stop_leads_past_the_head_of_the_page(visitors: Visitors) -> None:
    async with visitors.context_of(view=View(width=DESK)) as context:
        page = await context.new_page()
        await page.goto("/")
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="跳到正文")
        await expect(skip).to_be_focused()
        await expect(skip).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("who", ["resident", "volunteer", "staff", "operator"])
async def test_without_scripts(visitors: Visitors, who: str) -> None:
    async with visitors.context_of(has_scripts=False) as context:
        page = await context.new_page()
        await sign_in(page, who, visitors.scene.sign_ins[who])
        await page.get_by_role("link", name="我的", exact=True).click()
        await page.get_by_role("button", name="退出登录").click()
        await expect(page.get_by_role("button", name="登录")).to_be_visible()


async def test_the_language_stays_as_it_was_chosen(visitors: Visitors) -> None:
    async with visitors.context_of() as context:
        page = await context.new_page()
        await page.goto("/")
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.goto("/nowhere")
        await expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
