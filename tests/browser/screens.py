"""The screens: each is one line here, and is looked at in every view by `test_screens.py`."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from playwright.async_api import Page

from tests.browser.harness import DESK, PHONE, Language, View

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
SIZES_OF_TEXT = (False, True)
WIDTHS = (PHONE, DESK)
VIEWS = {
    language: [View(language, *one) for one in itertools.product(SIZES_OF_TEXT, WIDTHS)]
    for language in LANGUAGES
}
"""By language: for each of them a page is loaded."""


async def send_nothing(page: Page) -> None:
    """Send the form of the page as it is."""
    async with page.expect_navigation():
        await page.locator("main form button").first.click()


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


async def look_at_phone(page: Page) -> None:
    """Say what a phone is wanted for, and see it."""
    await page.locator("#reason").fill("核实漏水情况")
    async with page.expect_navigation():
        await page.locator("main form button").click()


async def send_plainly(page: Page) -> None:
    """Send the form as a browser without script does."""
    async with page.expect_navigation():
        await page.locator("main form").evaluate("(form) => form.submit()")


GRID = (
    Screen("my-grid", "/in/demo/grid", "gridworker"),
    Screen("buildings-of-my-grid", "/in/demo/grid/households", "gridworker"),
    Screen("household", "/in/demo/grid/households/{home}", "gridworker"),
    Screen(
        "phone-in-full",
        "/in/demo/grid/households/{home}/people/{neighbour}/phone",
        "gridworker",
        after=look_at_phone,
    ),
    Screen("visit", "/in/demo/grid/visits/new", "gridworker"),
    Screen("report-at-once", "/in/demo/requests/new/at-once", "resident"),
    Screen("on-the-spot", "/in/demo/grid/on-the-spot", "gridworker"),
    Screen(
        "on-the-spot-with-remarks",
        "/in/demo/grid/on-the-spot",
        "gridworker",
        status=400,
        after=send_plainly,
    ),
)
"""The grid worker's. Drafts have tests of their own, for they stay in the browser."""

OWN = "/in/{community}/requests"

RESIDENT = (
    Screen("what-is-it-about", f"{OWN}/new", "resident"),
    Screen("where-is-it", f"{OWN}/new/where?what=repair", "resident"),
    Screen("tell", f"{OWN}/new/tell?what=safety&place={{building}}", "resident"),
    Screen(
        "tell-with-remarks",
        f"{OWN}/new/tell?what=safety&place={{building}}",
        "resident",
        status=400,
        after=send_plainly,
    ),
    Screen("filed", f"{OWN}/{{asked}}/filed", "resident"),
    Screen("own-requests", OWN, "resident"),
    Screen("request-to-confirm", f"{OWN}/{{resolved}}", "resident"),
    Screen("request-with-photos", f"{OWN}/{{asked}}", "resident"),
    Screen("request-to-rate", f"{OWN}/{{closed}}", "resident"),
    Screen("request-of-a-neighbour", f"{OWN}/{{closed}}", "unit"),
    Screen("photos-with-remarks", f"{OWN}/{{asked}}/photos", "resident", 400, send_plainly),
    Screen("not-solved", f"{OWN}/{{resolved}}/not-solved", "resident", 400, send_plainly),
    Screen("rate", f"{OWN}/{{closed}}/rate", "resident", 400, send_plainly),
    Screen("withdraw", f"{OWN}/{{asked}}/withdraw", "resident"),
    Screen("inbox", "/inbox", "resident"),
    Screen("empty-inbox", "/inbox", "staff"),
    Screen("my-data", "/me", "resident"),
)
"""The resident's; and what every member has."""

SCREENS = (
    Screen("sign-in", "/"),
    Screen("sign-in-with-remarks", "/", status=400, after=send_nothing),
    Screen("home-of-a-resident", "/", "resident"),
    Screen("home-of-a-volunteer", "/", "volunteer"),
    Screen("home-of-a-unit", "/", "unit"),
    Screen("home-of-a-grid-worker", "/", "gridworker"),
    Screen("home-of-staff", "/", "staff"),
    Screen("home-of-the-operator", "/", "operator"),
    Screen("no-such-page", "/nowhere", status=404),
    # paper slips
    Screen("slip-to-print", "/in/{community}/requests/{asked}/slip", "staff"),
    Screen("slip-printed", "/in/{community}/requests/{asked}/slip", "staff", after=send_nothing),
    Screen("code-of-a-slip", "/f"),
    Screen("code-of-a-slip-with-remarks", "/f", status=400, after=send_nothing),
    Screen("code-of-no-slip", "/f/0000-0000-0000", status=404),
    Screen("follow-by-a-slip", "/f/{slip}"),
    Screen("not-solved-by-a-slip", "/f/{slip}/not-solved", status=400, after=send_nothing),
    Screen("rate-by-a-slip", "/f/{old_slip}"),
    *GRID,
    *RESIDENT,
)


@dataclass(frozen=True)
class Picture:
    """A picture in docs/pictures."""

    name: str
    path: str
    who: str | None = None
    view: View = field(default_factory=View)


PICTURES = (
    Picture("sign-in-phone", "/"),
    Picture("resident-phone", "/", "resident"),
    Picture("volunteer-phone", "/", "volunteer"),
    Picture("staff-desk", "/", "staff", View(width=DESK)),
    Picture("operator", "/", "operator", View(width=DESK)),
)
