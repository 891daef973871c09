"""A screen, and what is done on many of them before they are looked at."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from playwright.async_api import Page


@dataclass(frozen=True)
class Screen:
    """A page as somebody comes to it."""

    name: str
    path: str
    """May name things of the scene: `/requests/{closed}`."""
    who: str | None = None
    """A sign-in name; none: a stranger."""
    status: int = 200
    after: Callable[[Page], Awaitable[None]] | None = None
    """What is done there before the page is looked at; `status` is that of the answer to it."""

    def address(self, things: Mapping[str, str]) -> str:
        return self.path.format_map(things)


async def send_nothing(page: Page) -> None:
    """Send the form of the page as it is."""
    async with page.expect_navigation():
        await page.locator("main form button").first.click()


async def send_plainly(page: Page) -> None:
    """Send the form as a browser without script does."""
    async with page.expect_navigation():
        await page.locator("main form").evaluate("(form) => form.submit()")
