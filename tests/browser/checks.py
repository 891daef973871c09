"""What is wrong with a page, as sentences; none is what we promise (`EXPERIENCE.md` §2.4)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import ConsoleMessage, Page, Request, Response

from tests.browser.harness import HEIGHTS, View

HERE = Path(__file__).parent
MEASURE = (HERE / "measure.js").read_text()
OVERFLOW = (HERE / "overflow.js").read_text()
AXE = Axe().axe_script
RUN_AXE = "async (options) => (await axe.run(options)).violations"
SHOW_LARGE = "(isLarge) => document.documentElement.classList.toggle('large', isLarge)"

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LARGE_CONTRAST = {"expected": 7, "minThreshold": 0}
ENHANCED = "color-contrast-enhanced"
NORMAL = {"text": 18, "target": 48, "mainText": 18, "mainTarget": 48}
LARGE = {"text": 18, "target": 48, "mainText": 30, "mainTarget": 60}
NARROW = (320, 640)
"""The narrowest phone, and a desk at 200 %."""


class Watch:
    """Listens to a page from its first request on."""

    def __init__(self, page: Page, origin: str) -> None:
        self._page = page
        self._origin = origin
        self._said: list[tuple[str, str]] = []
        self.status = 0
        """Of the last answer that became the page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._said.append(("", f"script failed: {error}")))
        page.on("request", self._request)
        page.on("response", self._response)

    @property
    def findings(self) -> list[str]:
        """Errors and warnings of the browser, other origins; not that the page is an error page."""
        return [said for where, said in self._said if where != self._page.url or self.status < 400]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            is_status = message.text.startswith("Failed to load resource")
            self._said.append((message.location["url"] if is_status else "", message.text))

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._origin}/", "data:", "blob:")):
            self._said.append(("", f"another origin: {request.url}"))

    def _response(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == self._page.main_frame:
            self.status = response.status


async def axe(page: Page, *, is_large: bool = False) -> list[str]:
    """What axe finds of WCAG 2.2 AA; in large text also any contrast below 7, however large."""
    options: dict[str, Any] = {"runOnly": TAGS, "resultTypes": ["violations"]}
    if is_large:
        ratio = {"normal": LARGE_CONTRAST, "large": LARGE_CONTRAST}
        options |= {
            "rules": {ENHANCED: {"enabled": True}},
            "checks": {ENHANCED: {"options": {"contrastRatio": ratio}}},
        }
    if not await page.evaluate("'axe' in window"):  # half a megabyte: once for each page
        await page.evaluate(AXE)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in await page.evaluate(RUN_AXE, options)
        for node in violation["nodes"]
    ]


async def measured(page: Page, view: View) -> list[str]:
    """Language, sizes of text and of targets, and what is left in Chinese, as the page is shown."""
    sizes = LARGE if view.is_large else NORMAL
    return await page.evaluate(
        MEASURE, {"language": view.language, "isLarge": view.is_large, **sizes}
    )


async def overflowing(page: Page, *widths: int) -> list[str]:
    """What sticks out of the page at one of the widths; it is left at the last of them."""
    found: list[str] = []
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 800})
        found += await page.evaluate(OVERFLOW, width)
    return found


async def findings_of(page: Page, view: View) -> list[str]:
    """Everything that is wrong with how a page looks that is shown in `view`; left narrow."""
    return [
        *await axe(page, is_large=view.is_large),
        *await measured(page, view),
        *await overflowing(page, view.width, *NARROW),
    ]


async def findings_in(page: Page, views: Sequence[View]) -> list[str]:
    """Everything that is wrong with how a page looks, at each width and size of text.

    The page is loaded once, in the language of the views: a width is the window's, and large text
    is one class of the page and nothing else (`tests/architecture/test_console.py`).
    """
    found: list[str] = []
    for view in views:
        await page.set_viewport_size({"width": view.width, "height": HEIGHTS[view.width]})
        await page.evaluate(SHOW_LARGE, view.is_large)
        found += [f"{view}: {finding}" for finding in await findings_of(page, view)]
    return found
