"""The first time: a code from paper, then a password, with the real directory behind it."""

import html

import httpx
import pytest

from services.directory.domain.sign_in import FREE_TRIES_OF_AN_ADDRESS
from shared import ids
from tests.integration.console.forms import remarks
from tests.integration.console.test_sign_in_page import (
    PASSWORD,
    SESSION,
    SITE,
    account,
    browser,
    console,
    send,
    session,
    signed_in,
)

__all__ = ["console"]

WRONG = "邀请码不对、已使用或已过期，请联系社区工作人员。"


def fresh_name() -> str:
    return f"zhou-{ids.new_id().hex[-12:]}"


async def entered(client: httpx.AsyncClient, town, person: dict) -> httpx.Response:
    return await send(client, "/invitation", code=await town.code(person["id"]))


async def test_a_code_begins_a_session_as_a_password_does_and_stands_in_no_address(console, town):
    person = await town.person("resident", name="周奶奶")
    code = await town.code(person["id"])
    typed = f"  {code.lower().replace('-', ' ')}\n"
    async with browser(console) as client:
        assert "/invitation" in (await client.get("/")).text
        answer = await send(client, "/invitation", code=typed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/invitation/password")
        cookies = [one for one in answer.headers.get_list("set-cookie") if SESSION in one]
        assert cookies
        for one in cookies:
            assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(one.split("; "))
        page = await client.get("/invitation/password")
        assert "周奶奶" in page.text
        assert code not in page.text
        assert person["id"] in (await client.get("/me")).text
    async with browser(console) as client:
        again = await send(client, "/invitation", code=code)
        assert (again.status_code, remarks(again)) == (401, {"code": WRONG})
        assert SESSION not in client.cookies


async def test_a_password_and_a_name_are_chosen_on_one_page(console, town):
    phone = f"139{int(ids.new_id().hex[-8:], 16) % 10**8:08}"
    person, name = await town.person("resident", phone=phone), fresh_name()
    async with browser(console) as client:
        await entered(client, town, person)
        shown = await client.get("/invitation/password")
        assert f'name="login_name" type="text" value="{phone}"' in shown.text
        before = session(client)[1]
        form = {"login_name": name, "new": PASSWORD, "again": PASSWORD}
        done = await send(client, "/invitation/password", **form)
        assert (done.status_code, done.headers["location"]) == (303, "/invitation/done")
        assert session(client)[1] != before  # choosing a password ends what was begun without
        told = (await client.get("/invitation/done")).text
        assert name in told
        assert f"{SITE}/" in told
        assert PASSWORD not in told
    async with browser(console) as client:
        answer = await send(client, "/sign-in", login_name=name, password=PASSWORD)
        assert answer.status_code == 303


@pytest.mark.parametrize(
    ("form", "beside"),
    [
        ({"login_name": " ", "new": PASSWORD, "again": PASSWORD}, "login_name"),
        ({"login_name": "周 奶奶", "new": PASSWORD, "again": PASSWORD}, "login_name"),
        ({"login_name": "operator", "new": PASSWORD, "again": PASSWORD}, "login_name"),
        ({"login_name": "zhou.nainai", "new": "short", "again": "short"}, "new"),
        ({"login_name": "zhou.nainai", "new": PASSWORD, "again": "another one"}, "again"),
        ({"login_name": "zhou.nainai", "new": "x" * 201, "again": "x" * 201}, "new"),
    ],
    ids=["no-name", "bad-name", "taken", "short", "not-alike", "long"],
)
async def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(
    console, town, form, beside
):
    if beside == "new" and len(form["new"]) > len(PASSWORD):
        form = form | {"login_name": fresh_name()}
    async with browser(console) as client:
        await entered(client, town, await town.person("resident"))
        answer = await send(client, "/invitation/password", **form)
        assert answer.status_code in {400, 409, 422}
        assert list(remarks(answer)) == [beside]
        assert html.escape(form["login_name"].strip()) in answer.text
        assert PASSWORD not in answer.text


async def test_whoever_has_a_name_keeps_it_and_whoever_has_a_password_is_told(console, town):
    name = fresh_name()
    person = await town.person("resident", login_name=name)
    form = {"login_name": "somebody.else", "new": PASSWORD, "again": PASSWORD}
    async with browser(console) as client:
        await entered(client, town, person)
        assert 'name="login_name"' not in (await client.get("/invitation/password")).text
        assert (await send(client, "/invitation/password", **form)).status_code == 303
        again = await send(client, "/invitation/password", **form)
        assert again.status_code == 401
        assert "您已经有密码" in again.text
    async with browser(console) as client:
        answer = await send(client, "/sign-in", login_name=name, password=PASSWORD)
        assert answer.status_code == 303


async def test_the_password_page_is_for_whoever_is_signed_in(console, town):
    async with browser(console) as client:
        for path in ("/invitation/password", "/invitation/done"):
            page = await client.get(path)
            assert page.status_code == 401
            assert f'name="onward" value="{path}"' in page.text


async def test_a_code_signs_its_owner_in_whoever_used_the_device_before(console, town):
    staff, person = await account(town, "community_staff"), await town.person("resident")
    async with browser(console) as client:
        await signed_in(client, staff)
        assert "这台设备上已有人登录" in (await client.get("/invitation")).text
        await entered(client, town, person)
        page = (await client.get("/me")).text
    assert person["id"] in page
    assert staff.id not in page


@pytest.mark.parametrize(
    "code", ["", "   -- ", "邀请码", "x" * 5000, "<img src=x onerror=alert(1)>"]
)
async def test_what_is_no_code_is_told_beside_the_field(console, town, code):
    async with browser(console) as client:
        answer = await send(client, "/invitation", code=code)
        assert answer.status_code in {400, 401, 422}
        assert list(remarks(answer)) == ["code"]
        assert "<img" not in answer.text
        assert code.strip() in html.unescape(answer.text)


async def test_whoever_guesses_is_told_how_long_to_wait(console, town):
    person = await town.person("resident")
    transport = httpx.ASGITransport(console, client=("203.0.113.77", 1))
    async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
        await client.get("/invitation")
        for number in range(FREE_TRIES_OF_AN_ADDRESS):
            guess = await send(client, "/invitation", code=f"7KQ2-{number:04}")
            assert guess.status_code == 401
        answer = await entered(client, town, person)
    assert answer.status_code == 429
    seconds = answer.headers["retry-after"]
    assert remarks(answer) == {"code": f"尝试次数过多，请在 {seconds} 秒后再试。"}
