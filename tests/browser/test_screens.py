"""Every screen in every view: for all eyes and fingers, in both languages, at any width."""

import pytest

from tests.browser.checks import Watch, findings_in, findings_of
from tests.browser.harness import DESK, PHONE, Language, View, Visitors
from tests.browser.screens import LANGUAGES, SCREENS, VIEWS, Screen


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_nothing_is_wrong_with(
    screen: Screen, language: Language, visitors: Visitors
) -> None:
    async with visitors.page_of(screen.who, language) as page:
        watch = Watch(page, visitors.scene.origin)
        await page.goto(screen.address(visitors.scene.things))
        if screen.after:
            await screen.after(page)
        await page.wait_for_load_state()
        assert watch.status == screen.status
        assert [*await findings_in(page, VIEWS[language]), *watch.findings] == []


@pytest.mark.parametrize("view", [View("en", True, PHONE), View("zh-CN", True, DESK)], ids=str)
async def test_large_text_as_the_server_says_it(view: View, visitors: Visitors) -> None:
    async with visitors.context_of("staff", view) as context:
        page = await context.new_page()
        await page.goto("/me")
        assert await findings_of(page, view) == []
