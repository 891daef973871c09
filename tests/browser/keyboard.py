"""Somebody who has a keyboard and nothing else."""

from typing import Literal

from playwright.async_api import Locator, Page

MOST_STOPS = 100

IS_REACHED = "(element) => element === document.activeElement"
SHOWS_FOCUS = """(element) => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return isOutlined || outlineStyle === "auto" || boxShadow !== "none";
}"""


class Keyboard:
    """Tab, Enter, space and letters. Wait for what a key brings before the next one."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.presses = 0
        """How many keys were pressed so far."""

    async def hit(self, key: str) -> None:
        """Press a key where the focus is."""
        self.presses += 1
        await self._page.keyboard.press(key)

    async def reach(self, target: Locator) -> None:
        """Tab until `target` has the focus, and shows it."""
        for _ in range(MOST_STOPS):
            await self.hit("Tab")
            if await target.evaluate(IS_REACHED):
                assert await target.evaluate(SHOWS_FOCUS), f"nobody sees the focus on {target}"
                return
        raise AssertionError(f"not within {MOST_STOPS} stops: {target}")

    async def write(self, label: str, text: str) -> None:
        """Go to a field and write."""
        await self.reach(self._page.get_by_label(label, exact=True))
        await self.type(text)

    async def type(self, text: str) -> None:
        """Write where the focus is."""
        self.presses += len(text)
        await self._page.keyboard.type(text)

    async def tick(self, label: str) -> None:
        """Go to a box and tick it, or to a choice and take it."""
        await self.reach(self._page.get_by_label(label, exact=True))
        await self.hit("Space")

    async def press(self, role: Literal["button", "link"], name: str) -> None:
        """Go to a button or link and press Enter."""
        await self.reach(self._page.get_by_role(role, name=name, exact=True))
        await self.hit("Enter")
