"""The register: people and places are found, imported from files, and seen on a map."""

import csv
import io
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from playwright.async_api import Dialog, FilePayload, Page, expect

from deploy.demo.api import Api
from tests.browser.harness import DESK, View, Visitors

PEOPLE = "/in/demo/register/people"
PLACES = "/in/demo/register/places"
HEADER = ("name", "phone", "roles", "place_code", "login_name", "invite")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
    '=HYPERLINK("http://elsewhere.test","x")',
    "+1+1",
    "@SUM(1)",
    "\"'><b>bold</b>",
    "%(num)s %s &lt;b&gt;",
    "\u202eabc\u202c",
)  # fmt: skip
WORST = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\"'><b>{{ 7*7 }}%(num)s\u202eabc\u202c",
)
"""The same for forms, where each word costs a walk: what a page could run, or take apart."""


@asynccontextmanager
async def desk(
    visitors: Visitors, path: str, who: str = "staff", *, has_scripts: bool = True
) -> AsyncGenerator[Page]:
    """Somebody at a desk; nothing that others wrote ever speaks to them."""
    view = View(width=DESK)
    async with visitors.context_of(who, view, has_scripts=has_scripts) as context:
        page = await context.new_page()
        spoken: list[str] = []

        async def hear(dialog: Dialog) -> None:
            spoken.append(dialog.message)
            await dialog.dismiss()

        page.on("dialog", hear)
        await page.goto(path)
        yield page
        assert spoken == []


def table(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


async def check(page: Page, content: bytes, name: str = "居民.csv") -> None:
    """Choose a file and have it checked."""
    file = FilePayload(name=name, mimeType="text/csv", buffer=content)
    await page.get_by_label("填好的表格").set_input_files(file)
    await page.get_by_role("button", name="先检查").click()


async def figure(page: Page, word: str) -> str:
    """A count of the check."""
    return await page.locator(f"dt:text-is('{word}') + dd").first.inner_text()


def phone() -> str:
    return f"139{uuid4().int % 10**8:08}"


@pytest.mark.parametrize("has_scripts", [True, False], ids=["script", "no-script"])
async def test_a_file_is_checked_and_then_imported(visitors: Visitors, has_scripts: bool) -> None:
    number, name = phone(), f"赵{uuid4().hex[:6]}"
    async with desk(visitors, PEOPLE, has_scripts=has_scripts) as page:
        await page.get_by_role("link", name="导入人员表格").click()
        await check(page, table((name, number, "resident;volunteer", "H1", "", "yes")))
        assert (await figure(page, "新增"), await figure(page, "更改")) == ("1", "0")
        other = await page.context.new_page()
        await other.goto(f"{PEOPLE}?q={name}")
        await expect(other.get_by_text("没有找到")).to_be_visible()  # a check stores nothing
        await page.get_by_role("button", name="导入这些").click()
        await expect(page.get_by_text("导入完成")).to_be_visible()
        ticket = page.locator(".ticket").filter(has_text=name)
        assert len((await ticket.locator(".code").first.inner_text()).split("-")) == 4
        await page.goto(f"{PEOPLE}?q={number[-4:]}")
        await page.get_by_role("link", name=name).click()
        await expect(page.get_by_text(f"139****{number[-4:]}")).to_be_visible()
        await expect(page.get_by_text(number)).to_have_count(0)
        await expect(page.get_by_role("link", name="101室")).to_be_visible()


async def test_errors_are_told_by_row_and_column_and_nothing_is_imported(
    visitors: Visitors,
) -> None:
    name, number = f"钱{uuid4().hex[:6]}", phone()
    rows = [(name, number, "resident", "", "", ""), ("", "12", "king", "nowhere", "", "maybe")]
    async with desk(visitors, f"{PEOPLE}/import") as page:
        await check(page, table(*rows))
        await expect(page.get_by_text("没有导入任何内容")).to_be_visible()
        told = [
            (
                await row.locator("td").nth(0).inner_text(),
                await row.locator("td").nth(1).inner_text(),
            )
            for row in await page.locator("tbody tr").all()
        ]
        columns = {"姓名", "电话", "角色", "地点编码", "发邀请码"}
        assert {row for row, _ in told} == {"3"}
        assert {column.strip() for _, column in told} == columns
        await expect(page.get_by_role("button", name="导入这些")).to_have_count(0)
        await check(page, table(rows[0]))
        assert await figure(page, "新增") == "1"
        await page.goto(f"{PEOPLE}?q={name}")
        await expect(page.get_by_text("没有找到")).to_be_visible()


async def test_what_would_change_is_told_and_what_would_not_needs_no_import(
    visitors: Visitors,
) -> None:
    name, number = f"孙{uuid4().hex[:6]}", phone()
    async with desk(visitors, f"{PEOPLE}/import") as page:
        await check(page, table((name, number, "resident", "", "", "")))
        await page.get_by_role("button", name="导入这些").click()
        await expect(page.get_by_text("导入完成")).to_be_visible()
        await page.get_by_role("link", name="再导入一个表格").click()
        await check(page, table((name, number, "volunteer", "H2", "", "")))
        await expect(page.get_by_role("cell", name="更改：角色、地点编码")).to_be_visible()
        await page.goto(f"{PEOPLE}/import")
        await check(page, table((name, number, "resident", "", "", "")))
        await expect(page.get_by_text("不用导入")).to_be_visible()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("姓名,电话\n张三,1".encode("gb18030"), "居民.csv", "UTF-8"),
        (b"PK\x03\x04 no sheet at all", "居民.xlsx", "无法读取"),
        (b"", "", "请选择文件"),
    ],
    ids=["gb18030", "no-sheet", "none"],
)
async def test_a_file_that_cannot_be_read_is_told_beside_its_field(
    visitors: Visitors, content: bytes, name: str, said: str
) -> None:
    async with desk(visitors, f"{PEOPLE}/import") as page:
        if name:
            await check(page, content, name)
        else:
            await page.get_by_role("button", name="先检查").click()
        await expect(page.locator("#file_remark")).to_contain_text(said)
        await expect(page.get_by_label("填好的表格")).to_have_attribute("aria-invalid", "true")


async def test_a_sheet_filled_in_from_the_template_is_read(visitors: Visitors) -> None:
    async with desk(visitors, f"{PLACES}/import") as page:
        async with page.expect_download() as download:
            await page.get_by_role("link", name="含现有地点的 Excel").click()
        path = await (await download.value).path()
        await page.get_by_label("填好的表格").set_input_files(path)
        await page.get_by_role("button", name="先检查").click()
        assert await figure(page, "新增") == "0"
        assert int(await figure(page, "不变")) >= 9
        await expect(page.get_by_text("不用导入")).to_be_visible()


async def test_hostile_names_come_in_as_text_and_leave_as_no_formula(visitors: Visitors) -> None:
    mark = uuid4().hex[:6]
    people = [(f"{one}{mark}", phone(), "resident", "", "", "") for one in HOSTILE]
    places = [(f"{mark}-{n}", "building", f"{one}{mark}") for n, one in enumerate(HOSTILE)]
    async with desk(visitors, f"{PEOPLE}/import") as page:
        await check(page, table(*people), name=f"{HOSTILE[0]}.csv")
        await page.get_by_role("button", name="导入这些").click()
        await expect(page.get_by_text("导入完成")).to_be_visible()
        await page.goto(f"{PEOPLE}?q={mark}")
        shown = await page.locator("tbody th").all_inner_texts()
        assert {one.strip() for one in shown} == {name for name, *_ in people}
        await page.get_by_role("link", name=people[0][0]).click()
        await expect(page.get_by_role("heading", name=people[0][0])).to_be_visible()
        await page.goto(f"{PLACES}/import")
        await check(page, table(*places, header=("code", "kind", "title")))
        await page.get_by_role("button", name="导入这些").click()
        await expect(page.get_by_text("导入完成")).to_be_visible()
        await page.goto(f"{PLACES}?q={mark}")
        shown = await page.locator("tbody th").all_inner_texts()
        assert {one.strip() for one in shown} == {title for *_, title in places}
        answer = await page.request.get(f"{PLACES}/template.csv?filled=yes")
        lines = csv.reader(io.StringIO((await answer.body()).decode("utf-8-sig")))
        cells = [cell for line in lines for cell in line if mark in cell]
        assert len(cells) >= len(HOSTILE)
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert await page.locator("main img, main b, main script").count() == 0


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "%", "' OR 1=1 --", "\U0001f600"])
async def test_a_search_is_text(visitors: Visitors, query: str) -> None:
    query += uuid4().hex
    async with desk(visitors, PEOPLE) as page:
        await page.get_by_label("姓名、登录名").fill(query)
        await page.get_by_role("button", name="查找").click()
        await expect(page.get_by_label("姓名、登录名")).to_have_value(query)
        await expect(page.get_by_text("没有找到")).to_be_visible()


async def test_a_phone_is_shown_once_for_a_reason_and_that_is_recorded(visitors: Visitors) -> None:
    path = f"{PEOPLE}/{visitors.scene.things['neighbour']}"
    reason = f"核实漏水 <b>{uuid4().hex[:6]}</b>"
    async with desk(visitors, path) as page:
        await expect(page.get_by_text("13812341234")).to_have_count(0)
        await page.get_by_role("button", name="查看电话").click()
        await expect(page.locator("#reason_remark")).to_contain_text("请写明用途")
        await page.get_by_label("用途").fill(reason)
        await page.get_by_role("button", name="查看电话").click()
        await expect(page.get_by_role("link", name="13812341234")).to_be_visible()
        await page.goto(path)
        await expect(page.get_by_text("13812341234")).to_have_count(0)
        record = page.get_by_role("listitem").filter(has_text=reason)
        await expect(record).to_contain_text("社区工作人员 小文")


async def test_an_invitation_is_shown_once(visitors: Visitors) -> None:
    path = f"{PEOPLE}/{visitors.scene.things['neighbour']}"
    async with desk(visitors, path, has_scripts=False) as page:
        await page.get_by_role("button", name="生成邀请码").click()
        code = await page.locator(".ticket .code").first.inner_text()
        async with Api(visitors.scene.origin) as api:
            session = await api.accept_invitation(code)
        assert session.person_id == visitors.scene.things["neighbour"]
        await page.goto(path)
        await expect(page.get_by_text(code)).to_have_count(0)


async def test_the_tree_leads_down_to_the_homes(visitors: Visitors) -> None:
    async with desk(visitors, PLACES, has_scripts=False) as page:
        for title in ("第一网格", "文化路1号院", "1栋"):
            await page.locator("tbody").get_by_role("link", name=title).click()
            await expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        home = page.get_by_role("row", name="101室")
        assert int(await home.locator("td.figure").inner_text()) >= 1
        await page.get_by_role("navigation", name="位置").get_by_role("link").first.click()
        await expect(page.get_by_role("heading", name="演示社区")).to_be_visible()


async def test_the_map_and_its_table_say_what_the_requests_say(visitors: Visitors) -> None:
    async with Api(visitors.scene.origin) as api:
        staff = await api.sign_in("staff", visitors.scene.sign_ins["staff"])
    async with desk(visitors, "/in/demo/register/map", has_scripts=False) as page:
        async with Api(visitors.scene.origin) as api:
            staff.api = api
            counted = {one["title"]: one for one in await staff.get("/requests/demo/stats/grids")}
        assert counted["第一网格"]["open"] >= 4
        for title, one in counted.items():
            row = page.locator("tbody tr").filter(has_text=title)
            figures = await row.locator("td.figure").all_inner_texts()
            assert figures == [str(one[name]) for name in ("open", "overdue", "closed")]
        labels = await page.locator("svg.areas text:not(.late)").all_text_contents()
        assert set(labels) == {"第一网格", "第二网格", "第三网格"}
        await expect(page.locator("tbody tr").filter(has_text="第四网格")).to_contain_text("未画")
        grid = counted["第一网格"]["grid_id"]
        area = page.locator(f"svg.areas a[href*='{grid}']")
        link = page.get_by_role("link", name="第一网格")
        assert await area.get_attribute("href") == await link.get_attribute("href")
        await link.click()
        await expect(page).to_have_url(f"{visitors.scene.origin}/in/demo/desk?grid={grid}")


@pytest.mark.parametrize("who", ["resident", "volunteer", "unit", "gridworker"])
async def test_the_register_is_for_staff(visitors: Visitors, who: str) -> None:
    async with visitors.context_of(who) as context:
        for path in ("people", "places", "map", "people/import", "people/template.csv"):
            answer = await context.request.get(f"/in/demo/register/{path}")
            assert answer.status == 404, path
