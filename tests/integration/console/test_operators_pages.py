"""The operator's pages while services are away: what is there is shown, what is not says so."""

import re
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.pages.register.imports import packed
from services.console.settings import Settings
from tests.integration.console.forms import Reader, remarks
from tests.integration.console.test_sign_in_page import SITE, browser
from tests.integration.directory.conftest import OPERATOR

HERE = ("directory", "requests")
AWAY = ("volunteers", "points", "notify")
SILENT: tuple[str, ...] = ()
"""How the paths end that nobody answers."""


@pytest_asyncio.fixture
async def page(directory) -> AsyncGenerator[httpx.AsyncClient]:
    """The operator's browser; three services are away."""
    origin = OneOrigin({name: await directory.platform.app(name) for name in HERE})

    async def half(scope, receive, send) -> None:
        if scope["path"].split("/")[2] in AWAY or scope["path"].endswith(SILENT):
            raise httpx.ConnectError("away")
        await origin(scope, receive, send)

    app = create_app(Settings(origin=SITE), transport=httpx.ASGITransport(half))
    async with app.router.lifespan_context(app), browser(app) as client:
        first = (await client.get("/")).text
        token = re.search(r'name="form_token" value="([^"]+)"', first)
        assert token
        answer = await client.post("/sign-in", data=OPERATOR | {"form_token": token[1]})
        assert answer.status_code == 303, answer.text
        yield client


@pytest.mark.parametrize("path", ["/operator/services", "/operator/letters"])
async def test_a_service_that_is_away_says_so_and_the_others_are_shown(page, path) -> None:
    answer = await page.get(path)
    assert answer.status_code == 200
    assert answer.text.count('class="missing"') == len(AWAY)
    for name in AWAY:
        section = re.search(rf'<section id="[a-z]+-{name}".*?</section>', answer.text, re.DOTALL)
        assert section
        assert 'class="missing"' in section[0]


async def test_a_letter_of_a_service_that_is_away(page) -> None:
    answer = await page.get("/operator/letters/points/1")
    assert (answer.status_code, answer.text.count('class="missing"')) == (200, 1)
    back = await page.get("/operator/letters/points/1/replay")
    assert (back.status_code, back.headers["location"]) == (303, "/operator/letters/points/1")


async def test_communities_are_there_when_nobody_counts(page, town, monkeypatch) -> None:
    monkeypatch.setattr(f"{__name__}.AWAY", (*AWAY, "requests"))
    answer = await page.get("/operator")
    assert answer.status_code == 200
    assert answer.text.count('class="missing"') == 1
    assert f'href="/in/{town.slug}/register/map"' in answer.text
    assert (await page.get("/operator/communities.csv")).status_code == 503
    found = await page.get(f"/in/{town.slug}/register/map")
    assert (found.status_code, found.text.count('class="missing"')) == (200, 1)


def place_in_header(page: httpx.Response) -> str:
    found = re.search(r'<span class="place"[^>]*>([^<]*)<', page.text)
    assert found
    return found[1]


async def test_a_community_is_called_by_its_title_also_where_it_was_not_opened(page, town) -> None:
    """The town was opened elsewhere, as on another replica; the operator belongs to none."""
    reader = Reader(page, town.slug)
    assert place_in_header(await reader.page("register/people")) == "文化路社区"
    path = f"/operator/communities/{town.slug}/change"
    sent = await reader.send(await reader.page(path), path, title="书院路社区", prefix="SY")
    assert sent.status_code == 303, sent.text
    assert place_in_header(await reader.page("register/people")) == "书院路社区"


async def test_a_community_called_new_can_be_changed(page, directory) -> None:
    body = {"slug": "new", "title": "新村", "prefix": "XC"}
    await directory.ask("POST", "/communities", directory.operator, json=body)
    reader, path = Reader(page, "new"), "/operator/communities/new/change"
    found = await reader.page("register/places")
    assert f'href="{path}"' in found.text
    sent = await reader.send(await reader.page(path), path, title="新村社区", prefix="XC")
    assert sent.status_code == 303, sent.text
    assert place_in_header(await reader.page("register/places")) == "新村社区"


async def test_what_was_typed_stays_while_the_directory_is_away(page, town, monkeypatch) -> None:
    reader = Reader(page, town.slug)
    person, grid = await town.person("resident"), await town.place("grid")
    paths = {
        f"/operator/communities/{town.slug}/change": {"title": "改好的社区", "prefix": "GH"},
        f"register/people/{person['id']}/membership": {
            "roles": "organisation_member",
            "organisation_ids": await unit(town),
        },
        f"register/places/{grid['id']}/service-phone": {"phone": "010-0123 4567"},
    }
    shown = {path: await reader.page(path) for path in paths}
    monkeypatch.setattr(f"{__name__}.AWAY", (*AWAY, "directory"))
    answers = {path: await reader.send(shown[path], path, **typed) for path, typed in paths.items()}
    monkeypatch.undo()
    for path, typed in paths.items():
        answer = answers[path]
        assert answer.status_code == 503
        kept = re.findall(r'name="(\w+)"[^>]* value="([^"]+)"', answer.text)
        assert set(typed.items()) <= set(kept)
        again = await reader.send(answer, path, **typed)
        assert again.status_code == 303, again.text


async def unit(town) -> str:
    body = {"kind": "resident_unit", "title": "区税务局", "code": "tax"}
    made = await town.directory.made(f"/{town.slug}/organisations", town.staff, body)
    return made["id"]


async def test_nobody_overwrites_what_they_have_not_been_told_of(page, town) -> None:
    reader, path = Reader(page, town.slug), f"/operator/communities/{town.slug}/change"
    shown = await reader.page(path)
    theirs = await reader.send(shown, path, title="别人改的", prefix="WH", district="孝南区")
    assert theirs.status_code == 303, theirs.text
    mine = {"title": "我改的", "prefix": "WH"}
    refused = await reader.send(shown, path, **mine | {"prefix": "编号"})
    assert set(remarks(refused)) == {"prefix"}
    told = await reader.send(refused, path, **mine)
    assert told.status_code == 412
    assert "刚才有人改过这个社区" in told.text
    assert remarks(told) == {
        "title": "现在登记的是：别人改的",
        "district": "现在登记的是：孝南区",
    }
    assert 'value="我改的"' in told.text
    assert (await reader.send(told, path, **mine)).status_code == 303
    assert 'value="我改的"' in (await reader.page(path)).text
    late = await reader.send(told, path, **mine)
    assert late.status_code == 303  # it is as it was typed


async def test_a_refused_form_of_roles_names_the_version_that_was_shown(page, town) -> None:
    person = await town.person("resident")
    reader, path = Reader(page, town.slug), f"register/people/{person['id']}/membership"
    shown = await reader.page(path)
    assert (await reader.send(shown, path, roles="grid_worker")).status_code == 303
    refused = await reader.send(shown, path)
    assert set(remarks(refused)) == {"roles"}
    told = await reader.send(refused, path, roles="volunteer")
    assert (told.status_code, "已被他人修改" in told.text) == (412, True)
    assert (await reader.send(told, path, roles="volunteer")).status_code == 303


async def test_a_home_is_taken_away_also_while_nobody_knows_its_name(
    page, town, monkeypatch
) -> None:
    building = await town.place("building", title="1栋")
    person = await town.person("resident", place_id=building["id"])
    reader, path = Reader(page, town.slug), f"register/people/{person['id']}/home"
    assert "暂时看不到" not in (await reader.page(path)).text
    monkeypatch.setattr(f"{__name__}.SILENT", ("/places/titles",))
    shown = await reader.page(path)
    assert "地点的名称暂时看不到" in shown.text
    assert (await reader.send(shown, f"{path}/remove")).status_code == 303


@pytest.mark.parametrize("role", ["grid_worker", "micro_grid_head", "property_steward"])
async def test_who_works_in_a_grid_has_a_place_of_work(page, town, role) -> None:
    grid = await town.place("grid", title="第一网格")
    reader = Reader(page, town.slug)
    for person, works in [(await town.person("resident"), False), (await town.person(role), True)]:
        path = f"register/people/{person['id']}"
        inside = (await reader.page(f"{path}/home?inside={grid['id']}")).text
        assert ("请选负责的网格" in inside, "<button" in inside) == (works, True)
        assert re.findall(r"<button[^>]*>(在这里工作|住在这里)<", inside) == [
            "在这里工作" if works else "住在这里"
        ]
        whole = (await reader.page(path)).text
        assert ("住址或工作的地方" in whole) == works


async def test_a_code_says_until_when_it_is_good_and_whose_it_is(page, town, monkeypatch) -> None:
    reader = Reader(page, town.slug)
    person = await town.person("resident", name="李桂兰")
    path = f"register/people/{person['id']}"
    shown = await reader.page(path)
    made = await reader.send(shown, f"{path}/invitation")
    assert re.search(r"\d{4}年\d{1,2}月\d{1,2}日前有效", ticket(made))
    assert "第一次登录" not in ticket(made)
    monkeypatch.setattr(f"{__name__}.SILENT", ("/people/names",))
    held = packed("name,phone,roles,invite\n王强,13812341236,resident,yes\n".encode())
    token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
    assert token
    imported = await page.post(
        reader.at("register/people/import/checked"),
        data={"held": held, "form_token": token[1]},
        params={"lang": "en"},
    )
    assert "Row 2 of the file" in ticket(imported)
    assert re.search(r"Good before \d{1,2} [A-Z]\w+ \d{4}", ticket(imported))
    heading = re.search(r"<h3>.*?</h3>", ticket(imported), re.DOTALL)
    assert heading
    assert "lang=" not in heading[0]


def ticket(answer: httpx.Response) -> str:
    found = re.search(r'<article class="ticket">.*?</article>', answer.text, re.DOTALL)
    assert found, answer.text
    return found[0]
