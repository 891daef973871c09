"""The screens of how people come in, become what they are, and leave; and of places by form."""

import re
from uuid import uuid4

from playwright.async_api import FilePayload, Page

from tests.browser.screen import Screen, send_nothing, send_plainly


async def invite(page: Page) -> None:
    """Have a code made for somebody."""
    async with page.expect_navigation():
        await page.get_by_role("button", name=re.compile("生成邀请码|Make")).click()


async def import_with_codes(page: Page) -> None:
    """Have a file of people checked and imported; two of them are invited."""
    rows = [f"{name}{uuid4().hex[:6]},{_phone()},resident,yes" for name in ("周来", "吴到")]
    text = "\n".join(["name,phone,roles,invite", *rows])
    file = FilePayload(name="居民.csv", mimeType="text/csv", buffer=text.encode())
    await page.locator("#file").set_input_files(file)
    for _ in ("check", "import"):
        async with page.expect_navigation():
            await page.locator("main form button").first.click()


def _phone() -> str:
    return f"139{uuid4().int % 10**8:08}"


async def add_a_namesake(page: Page) -> None:
    """Add somebody who is called as somebody else is."""
    await page.locator("#name").fill("张桂兰")
    await send_plainly(page)


PERSON = "/in/demo/register/people/{neighbour}"
WAYS_IN = (
    Screen("invitation", "/invitation"),
    Screen("invitation-with-remarks", "/invitation", status=400, after=send_nothing),
    Screen("first-password", "/invitation/password", "resident"),
    Screen(
        "first-password-with-remarks",
        "/invitation/password",
        "resident",
        status=400,
        after=send_nothing,
    ),
    Screen("password-is-chosen", "/invitation/done", "resident"),
    Screen("a-code-for-somebody", PERSON, "staff", after=invite),
    Screen("codes-to-cut-out", "/in/demo/register/people/import", "staff", after=import_with_codes),
    Screen("new-person", "/in/demo/register/people/new?place={home}", "staff"),
    Screen(
        "new-person-with-remarks",
        "/in/demo/register/people/new",
        "staff",
        status=400,
        after=send_plainly,
    ),
    Screen("a-namesake", "/in/demo/register/people/new", "staff", 400, add_a_namesake),
    Screen("roles-of-a-person", f"{PERSON}/membership", "staff"),
    Screen("name-of-a-person", f"{PERSON}/name", "staff"),
    Screen("home-to-change", f"{PERSON}/home", "staff"),
    Screen("home-of-a-person", f"{PERSON}/home?inside={{building}}", "staff"),
    Screen("home-that-is-looked-for", f"{PERSON}/home?q=1栋", "staff"),
    Screen("a-person-leaves", f"{PERSON}/leave", "staff"),
    Screen("people-who-left", "/in/demo/register/people?left=yes", "staff"),
    Screen("a-person-who-left", "/in/demo/register/people/{gone}", "staff"),
    Screen("volunteers", "/in/demo/register/volunteers", "staff"),
    Screen("volunteers-who-wait", "/in/demo/register/volunteers?stands=waiting", "staff"),
    Screen("a-volunteer-who-waits", f"{PERSON}/volunteer", "staff"),
    Screen("new-place", "/in/demo/register/places/{building}/add", "staff"),
    Screen(
        "new-place-with-remarks",
        "/in/demo/register/places/{building}/add",
        "staff",
        status=400,
        after=send_plainly,
    ),
    Screen("change-a-place", "/in/demo/register/places/{building}/change", "staff"),
    Screen("remove-a-place", "/in/demo/register/places/{building}/remove", "staff"),
    Screen(
        "a-place-that-is-not-empty",
        "/in/demo/register/places/{building}/remove",
        "staff",
        status=409,
        after=send_plainly,
    ),
    Screen("organisations", "/in/demo/register/organisations", "staff"),
    Screen("new-organisation", "/in/demo/register/organisations/new", "staff"),
    Screen(
        "new-organisation-with-remarks",
        "/in/demo/register/organisations/new",
        "staff",
        status=400,
        after=send_plainly,
    ),
    Screen("new-community", "/operator/communities/new", "operator"),
    Screen(
        "new-community-with-remarks",
        "/operator/communities/new",
        "operator",
        status=400,
        after=send_plainly,
    ),
    Screen("change-a-community", "/operator/communities/demo/change", "operator"),
    Screen("become-a-volunteer", "/in/demo/volunteering", "resident"),
    Screen("a-volunteer-without-skills", "/in/demo/volunteering", "volunteer"),
)
