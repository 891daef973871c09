"""Every screen in every view: for all eyes and fingers, in both languages, at any width."""

import pytest

from tests.browser.checks import Watch, findings_of
from tests.browser.harness import View, Visitors
from tests.browser.screens import SCREENS, VIEWS, Screen


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_nothing_is_wrong_with(screen: Screen, view: View, visitors: Visitors) -> None:
    async with visitors.context_of(screen.who, view) as context:
        page = await context.new_page()
        watch = Watch(page, visitors.scene.origin)
        await page.goto(screen.address(visitors.scene.things))
        if screen.after:
            await screen.after(page)
        await page.wait_for_load_state()
        assert watch.status == screen.status
        assert [*await findings_of(page, view), *watch.findings] == []
