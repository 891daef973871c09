"""The operator: communities side by side, the health of services, and dead letters."""

import csv
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from deploy.demo.api import Api
from tests.browser.harness import DESK, View, Visitors
from tests.support.platform import eventually

LETTERS = "/operator/letters"
FIGURES = (
    "processing",
    "added_today",
    "solved_today",
    "pending",
    "total_case",
    "total_accepted",
    "total_solved",
)


@asynccontextmanager
async def operator(
    visitors: Visitors, path: str, *, has_scripts: bool = False
) -> AsyncGenerator[Page]:
    view = View(width=DESK)
    async with visitors.context_of("operator", view, has_scripts=has_scripts) as context:
        page = await context.new_page()
        await page.goto(path)
        yield page


async def asked(visitors: Visitors, path: str) -> Any:
    """What the API tells the operator."""
    async with Api(visitors.scene.origin) as api:
        session = await api.sign_in("operator", visitors.scene.sign_ins["operator"])
        return await session.get(path)


async def test_the_figures_are_those_of_the_api_and_their_sum(visitors: Visitors) -> None:
    async with operator(visitors, "/operator") as page:
        told = await asked(visitors, "/requests/stats/overview")
        cells = page.locator("tbody tr").filter(has_text="演示社区").locator("td.number")
        [demo] = [one for one in told if one["community"] == "demo"]
        assert (await cells.all_inner_texts())[:7] == [str(demo[one]) for one in FIGURES]
        total = (await page.locator("tfoot td").all_inner_texts())[:7]
        assert total == [str(sum(one[name] for one in told)) for name in FIGURES]
        path = await page.get_by_role("link", name="导出 CSV").get_attribute("href")
        assert path
        answer = await page.request.get(path)
        assert answer.headers["content-disposition"].startswith("attachment")
        text = (await answer.body()).decode("utf-8-sig")
        rows = {row[0]: row[2:9] for row in csv.reader(io.StringIO(text))}
        assert rows["demo"] == [str(demo[one]) for one in FIGURES]


async def test_the_table_is_sorted_by_links(visitors: Visitors) -> None:
    async with operator(visitors, "/operator?days=365") as page:
        for expected in ("descending", "ascending"):
            await page.get_by_role("link", name="累计上报").click()
            head = page.get_by_role("columnheader", name="累计上报")
            await expect(head).to_have_attribute("aria-sort", expected)
        await expect(page.get_by_role("link", name="近一年")).to_have_attribute(
            "aria-current", "true"
        )
        await page.get_by_role("link", name="演示社区").click()
        await expect(page.get_by_role("heading", name="网格图")).to_be_visible()


async def test_services_and_their_consumers_are_told(visitors: Visitors) -> None:
    async with operator(visitors, "/operator/services") as page:
        notify = page.locator("#service-notify")
        health = await asked(visitors, "/notify/operations/health")
        names = {one["name"] for one in health["consumers"]}
        assert {one.strip() for one in await notify.locator("tbody th").all_inner_texts()} == names
        await notify.locator("tbody a").first.click()  # how many dead letters
        await expect(page.locator("#letters-notify tbody tr").first).to_be_visible()


async def test_a_letter_says_why_and_not_what_was_written(visitors: Visitors) -> None:
    number = visitors.scene.things["letter"]
    async with operator(visitors, LETTERS) as page:
        await page.locator("#letters-notify").get_by_role("link", name=number, exact=True).click()
        await expect(page.get_by_role("heading", name=f"死信 {number}")).to_be_visible()
        await expect(page.locator("dl")).to_contain_text("malformed")
        await expect(page.locator("dl")).to_contain_text("cn.jinlin.points.awarded.v1")


async def test_a_replay_says_what_became_of_it(visitors: Visitors) -> None:
    number = visitors.scene.things["letter_to_replay"]
    async with operator(visitors, f"{LETTERS}/notify/{number}") as page:
        await page.get_by_role("button", name="重放").click()
        await expect(page.locator(".done")).to_contain_text("已放回队列")

        async def is_open_again() -> bool:
            await page.reload()
            return await page.locator("#state").inner_text() == "待处理"

        # It is as broken as before: its consumer buries it once more.
        await eventually(is_open_again, seconds=30)


async def test_a_letter_is_put_aside_for_a_reason(visitors: Visitors) -> None:
    reason = "<script>alert(1)</script>{{ 7*7 }}"
    number = visitors.scene.things["letter_to_dismiss"]
    async with operator(visitors, f"{LETTERS}/notify/{number}", has_scripts=True) as page:
        await page.get_by_role("button", name="搁置").click()
        await expect(page.locator("#reason_remark")).to_contain_text("请写明理由")
        await page.get_by_label("理由").fill(reason)
        await page.get_by_role("button", name="搁置").click()
        await expect(page.locator(".done")).to_contain_text("已搁置")
        await expect(page.locator("#state")).to_have_text("已搁置")
        await expect(page.locator("dl")).to_contain_text(reason)
        await expect(page.get_by_role("button", name="重放")).to_have_count(0)
        await page.goto(LETTERS)
        link = page.get_by_role("link", name=number, exact=True)
        await expect(link).to_have_count(0)
        await page.get_by_role("link", name="全部").click()
        await expect(link).to_be_visible()


async def test_there_is_no_such_letter(visitors: Visitors) -> None:
    async with visitors.context_of("operator") as context:
        for path in ("notify/999999", "nowhere/1", "notify/0", f"notify/{2**63}"):
            assert (await context.request.get(f"{LETTERS}/{path}")).status == 404, path


@pytest.mark.parametrize("who", ["resident", "staff", "gridworker"])
async def test_the_platform_is_for_its_operator(visitors: Visitors, who: str) -> None:
    async with visitors.context_of(who) as context:
        for path in ("/operator", "/operator/services", LETTERS, "/operator/communities.csv"):
            assert (await context.request.get(path)).status == 404, path
