"""The screens: each is one line here, and is looked at in every view."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from playwright.async_api import FilePayload, Page

from tests.browser.checks import Watch, findings_in
from tests.browser.harness import DESK, PHONE, Language, View, Visitors
from tests.browser.screen import Screen, send_nothing, send_plainly
from tests.browser.ways_in import WAYS_IN

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
SIZES_OF_TEXT = (False, True)
WIDTHS = (PHONE, DESK)
VIEWS = {
    language: [View(language, *one) for one in itertools.product(SIZES_OF_TEXT, WIDTHS)]
    for language in LANGUAGES
}
"""By language: a page is loaded once, and looked at in all of them."""


async def look_at(screen: Screen, visitors: Visitors, language: Language) -> None:
    """Nothing is wrong with a screen in any view."""
    async with visitors.page_of(screen.who, language) as page:
        watch = Watch(page, visitors.scene.origin)
        await page.goto(screen.address(visitors.scene.things))
        if screen.after:
            await screen.after(page)
        await page.wait_for_load_state()
        assert watch.status == screen.status
        assert [*await findings_in(page, VIEWS[language]), *watch.findings] == []


def check_file(*files: str) -> Callable[[Page], Awaitable[None]]:
    """Have files checked that people filled in, one after the other."""

    async def check(page: Page) -> None:
        for text in files:
            file = FilePayload(name="居民.csv", mimeType="text/csv", buffer=text.encode())
            await page.locator("#file").set_input_files(file)
            async with page.expect_navigation():
                await page.locator("main form button").first.click()

    return check


async def look_at_phone(page: Page) -> None:
    """Say what a phone is wanted for, and see it."""
    await page.locator("#reason").fill("核实漏水情况")
    async with page.expect_navigation():
        await page.locator("main form button").click()


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


async def say_no_number(page: Page) -> None:
    """Write what nobody can call into the form of a place."""
    await page.locator("#phone").fill("110")
    async with page.expect_navigation():
        await page.locator("main form button").click()


CALLED = (
    Screen("a-grid", "/in/demo/register/places/{grid}", "staff"),
    Screen("whom-people-call", "/in/demo/register/places/{grid}/service-phone", "staff"),
    Screen(
        "whom-people-call-with-remarks",
        "/in/demo/register/places/{grid}/service-phone",
        "staff",
        status=422,
        after=say_no_number,
    ),
)
"""The duty line of a community or a grid. Home and slips, which show it, are screens above."""

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


async def open_folds(page: Page) -> None:
    """Open what is folded."""
    for fold in await page.locator("details.fold").all():
        await fold.locator("summary").click()


HELPERS = (
    Screen("tasks-near-me", "/in/demo/tasks", "volunteer", after=open_folds),
    Screen("no-tasks-that-fit", "/in/demo/tasks?category=learning", "volunteer"),
    Screen("task-to-take", "/in/demo/tasks/{task}", "volunteer"),
    Screen("task-offered", "/in/demo/tasks/{offered_task}", "volunteer", after=open_folds),
    Screen("task-under-way", "/in/demo/tasks/{own_task}", "volunteer", after=open_folds),
    Screen(
        "task-under-way-with-remarks",
        "/in/demo/tasks/{own_task}",
        "volunteer",
        status=400,
        after=send_nothing,
    ),
    Screen("task-that-waits", "/in/demo/tasks/{done_task}", "volunteer"),
    Screen("task-of-somebody-else", "/in/demo/tasks/{unit_task}", "volunteer", status=404),
    Screen("my-tasks", "/in/demo/tasks/mine", "volunteer"),
    Screen("my-points", "/in/demo/tasks/points", "volunteer"),
    Screen("tasks-near-a-unit", "/in/demo/tasks", "unit"),
    Screen("task-to-take-for-a-unit", "/in/demo/tasks/{task}", "unit"),
    Screen("task-offered-to-a-unit", "/in/demo/tasks/{unit_offer}", "unit"),
    Screen("task-of-a-unit", "/in/demo/tasks/{unit_task}", "unit"),
    Screen("points-of-a-unit", "/in/demo/tasks/points", "unit"),
)
"""Volunteers' and organisations'."""


async def send_no_taker(page: Page) -> None:
    """Dispatch to nobody."""
    async with page.expect_navigation():
        await page.locator("#dispatch form[method=post] button").click()


async def call_somebody(page: Page) -> None:
    """Type a name, and see who it may be."""
    await page.locator("#who").fill("张桂兰")
    await page.locator("[name=requester]").first.wait_for()


async def file_nothing(page: Page) -> None:
    """File a call that says nothing yet but who calls and where."""
    await page.locator("#who").fill("老王")
    await page.locator("#where").fill("栋")
    await page.locator("[value=file]").click()
    await page.get_by_role("alert").first.wait_for()


AT_THE_DESK = (
    Screen("desk", "/in/demo/desk?queue=to_dispatch", "staff"),
    Screen("desk-to-take-in", "/in/demo/desk?open={asked}", "staff"),
    Screen(
        "desk-to-dispatch-with-remarks",
        "/in/demo/desk?open={registered}",
        "staff",
        status=400,
        after=send_no_taker,
    ),
    Screen("desk-to-verify", "/in/demo/desk?open={resolved}", "staff"),
    Screen("desk-of-what-is-closed", "/in/demo/desk?q=没有&open={closed}", "staff"),
    Screen("call", "/in/demo/desk/intake", "staff", after=call_somebody),
    Screen("call-with-remarks", "/in/demo/desk/intake", "staff", status=400, after=file_nothing),
)
"""The staff desk: each panel, and the form of a call."""

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
    # the register: people, places, map, imports
    Screen("people", "/in/demo/register/people", "staff"),
    Screen("a-person", "/in/demo/register/people/{neighbour}", "staff"),
    Screen(
        "a-phone-without-a-reason",
        "/in/demo/register/people/{neighbour}",
        "staff",
        status=400,
        after=send_nothing,
    ),
    Screen("places", "/in/demo/register/places", "staff"),
    Screen("places-that-are-found", "/in/demo/register/places?q=1", "staff"),
    Screen("a-building", "/in/demo/register/places/{building}", "staff"),
    Screen("map-of-grids", "/in/demo/register/map", "staff"),
    Screen("import", "/in/demo/register/places/import", "staff"),
    Screen(
        "import-with-errors",
        "/in/demo/register/people/import",
        "staff",
        status=400,
        after=check_file("name,phone,roles,旧列\n", "name,phone,roles\n,12,resident;king\n"),
    ),
    Screen(
        "import-that-is-good",
        "/in/demo/register/people/import",
        "staff",
        after=check_file(
            "name,phone,roles\n张桂兰,13812341234,volunteer\n李大爷,13900000000,resident\n"
        ),
    ),
    # the operator
    Screen("communities", "/operator", "operator"),
    Screen("services", "/operator/services", "operator"),
    Screen("dead-letters", "/operator/letters", "operator"),
    Screen("a-dead-letter", "/operator/letters/notify/{letter}", "operator"),
    Screen("map-for-the-operator", "/in/demo/register/map", "operator"),
    # paper slips
    Screen("slip-to-print", "/in/{community}/requests/{asked}/slip", "staff"),
    Screen("slip-printed", "/in/{community}/requests/{asked}/slip", "staff", after=send_nothing),
    Screen("code-of-a-slip", "/f"),
    Screen("code-of-a-slip-with-remarks", "/f", status=400, after=send_nothing),
    Screen("code-of-no-slip", "/f/0000-0000-0000", status=404),
    Screen("follow-by-a-slip", "/f/{slip}"),
    Screen("not-solved-by-a-slip", "/f/{slip}/not-solved", status=400, after=send_nothing),
    Screen("rate-by-a-slip", "/f/{old_slip}"),
    *CALLED,
    *WAYS_IN,
    *GRID,
    *HELPERS,
    *RESIDENT,
    *AT_THE_DESK,
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
    Picture("volunteer-phone", "/in/demo/tasks", "volunteer"),
    Picture("staff-desk", "/in/demo/desk?open={registered}", "staff", View(width=DESK)),
    Picture("operator", "/", "operator", View(width=DESK)),
)
