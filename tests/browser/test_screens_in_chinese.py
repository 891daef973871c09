"""Every screen in every view, in Chinese: for all eyes and fingers, at any width."""

import pytest

from tests.browser.checks import findings_of
from tests.browser.harness import DESK, PHONE, View, Visitors
from tests.browser.screens import SCREENS, Screen, look_at


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_nothing_is_wrong_with(screen: Screen, visitors: Visitors) -> None:
    await look_at(screen, visitors, "zh-CN")


@pytest.mark.parametrize("view", [View("en", True, PHONE), View("zh-CN", True, DESK)], ids=str)
async def test_large_text_as_the_server_says_it(view: View, visitors: Visitors) -> None:
    async with visitors.context_of("staff", view) as context:
        page = await context.new_page()
        await page.goto("/me")
        assert await findings_of(page, view) == []
