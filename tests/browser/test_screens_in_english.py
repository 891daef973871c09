"""Every screen in every view, in English: a file of its own, so that another process takes it."""

import pytest

from tests.browser.harness import Visitors
from tests.browser.screens import SCREENS, Screen, look_at


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_nothing_is_wrong_with(screen: Screen, visitors: Visitors) -> None:
    await look_at(screen, visitors, "en")
