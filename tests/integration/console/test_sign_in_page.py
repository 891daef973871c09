"""Signing in and out on the first page, with the real directory behind it."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.clients import Caller
from services.console.settings import Settings
from services.directory.actions import secret
from shared import ids

SITE = "https://console.test"
SESSION = "__Host-session"
CONSOLE_ADDRESS = "198.51.100.7"
BROWSER_ADDRESS = "203.0.113.9"
PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(scope="module")
async def console(directory) -> AsyncGenerator[FastAPI]:
    """A console at another address than its visitors, in front of the running directory."""
    origin = OneOrigin({"directory": await directory.platform.app("directory")})
    transport = httpx.ASGITransport(
        ProxyHeadersMiddleware(origin, trusted_hosts=CONSOLE_ADDRESS),  # pyright: ignore[reportArgumentType]
        client=(CONSOLE_ADDRESS, 1),
    )
    app = create_app(Settings(origin=SITE), transport=transport)
    async with app.router.lifespan_context(app):
        yield app


@dataclass
class Account:
    """Somebody with a password."""

    id: str
    login_name: str


async def account(town, *roles: str, name: str = "张桂兰", **fields: str) -> Account:
    login_name = f"li-{ids.new_id().hex[-12:]}"
    said = {"name": name, "login_name": login_name} | fields
    person = await town.person(*(roles or ("resident",)), **said)
    token = (await town.tokens(person["id"]))["access_token"]
    answer = await town.directory.ask("POST", "/me/password", token, json={"new": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Account(person["id"], login_name)


def browser(console: FastAPI, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(console, client=(BROWSER_ADDRESS, 1))
    return httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers)


async def send(client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """Fill in a form that any page shows, and send it as a browser does."""
    page = await client.get("/me")
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text
    sent = form | {"form_token": found[1]}
    return await client.post(path, data=sent, headers={"origin": SITE})


async def signed_in(client: httpx.AsyncClient, who: Account) -> None:
    answer = await send(client, "/sign-in", login_name=who.login_name, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/"


def session(client: httpx.AsyncClient) -> list[str]:
    """Expiry, refresh token and access token in the browser's cookie."""
    return client.cookies[SESSION].split("~")


def keep(client: httpx.AsyncClient, *parts: Any) -> None:
    client.cookies.delete(SESSION)
    client.cookies.set(SESSION, "~".join(map(str, parts)), domain="console.test", path="/")


async def test_the_page_says_who_is_signed_in_and_what_they_are_where(console, town):
    who = await account(town, "grid_worker", "volunteer")
    async with browser(console) as client:
        await signed_in(client, who)
        page = (await client.get("/me")).text
        english = (await client.get("/me", params={"lang": "en"})).text
    assert who.id in page
    assert "文化路社区" in page
    assert "网格员" in page
    assert "<title>我的 · 近邻</title>" in page
    assert "志愿者" in page
    assert 'action="/sign-out"' in page
    assert "grid worker" in english
    assert 'action="/sign-in"' not in page


async def test_tokens_are_kept_where_only_the_server_sees_them(console, town):
    who = await account(town)
    async with browser(console) as client:
        answer = await send(client, "/sign-in", login_name=who.login_name, password=PASSWORD)
        cookies = [one for one in answer.headers.get_list("set-cookie") if SESSION in one]
        page = (await client.get("/me")).text
        _, refresh_token, access_token = session(client)
    assert cookies
    for one in cookies:
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(one.split("; "))
        assert "Domain" not in one
    assert refresh_token not in page
    assert access_token not in page


async def test_signing_out_ends_the_session_in_the_directory_as_well(console, town):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        _, refresh_token, _ = session(client)
        assert (await send(client, "/sign-out")).status_code == 303
        assert SESSION not in client.cookies
        assert 'action="/sign-in"' in (await client.get("/")).text
    spent = {"refresh_token": refresh_token}
    assert (await town.directory.ask("POST", "/refresh", json=spent)).status_code == 401


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(console, town):
    who = await account(town)
    async with browser(console) as client:
        for name in (who.login_name, "nobody-here", "没有这个人", "x" * 5000):
            answer = await send(client, "/sign-in", login_name=name, password="wrong wrong wrong")
            assert answer.status_code == 401
            assert "登录名或密码不对" in answer.text
            assert 'aria-describedby="password_remark"' in answer.text
            assert f'value="{name}"' in answer.text
            assert SESSION not in client.cookies
    async with browser(console, **{"accept-language": "en"}) as client:
        answer = await send(client, "/sign-in", login_name="nobody", password="wrong")
        assert "The login name or the password is wrong" in answer.text


async def test_failures_are_counted_for_the_visitors_address_not_the_consoles(console, town):
    async with browser(console) as client:
        await send(client, "/sign-in", login_name="nobody-here", password="wrong wrong wrong")
    rows = await town.directory.platform.rows("directory", "SELECT mark FROM failed_sign_in")
    marks = {row.mark for row in rows}
    assert secret.mark("address", BROWSER_ADDRESS) in marks
    assert secret.mark("address", CONSOLE_ADDRESS) not in marks


async def test_too_many_failures_are_told_with_the_time_to_wait(console, town):
    who = await account(town)
    async with browser(console) as client:
        for _ in range(5):
            await send(client, "/sign-in", login_name=who.login_name, password="wrong")
        answer = await send(client, "/sign-in", login_name=who.login_name, password=PASSWORD)
    assert answer.status_code == 429
    seconds = answer.headers["retry-after"]
    assert f"尝试次数过多，请在 {seconds} 秒后再试。" in answer.text


async def test_tabs_that_are_opened_together_renew_a_session_once(console, town):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        _, refresh_token, access_token = before = session(client)
        keep(client, int(time.time()) - 5, refresh_token, access_token)
        pages = await asyncio.gather(*(client.get("/me") for _ in range(5)))
        assert all(who.id in page.text for page in pages)
        assert session(client)[1] != before[1]
        # An answer that never arrived: the browser comes with the old token once more.
        keep(client, int(time.time()) - 5, refresh_token, access_token)
        assert who.id in (await client.get("/me")).text
        assert who.id in (await client.get("/me")).text


async def test_a_token_that_is_not_good_any_more_is_renewed(console, town):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        expires_at, refresh_token, access_token = session(client)
        keep(client, expires_at, refresh_token, access_token[:-6] + "AAAAAA")
        answer = await client.get("/me", params={"done": "no"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=no")
        assert who.id in (await client.get("/me")).text


async def test_a_token_that_is_never_good_ends_at_the_sign_in_form(console, town, monkeypatch):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        expires_at, refresh_token, access_token = session(client)
        spoilt = access_token[:-6] + "AAAAAA"
        monkeypatch.setattr(Caller, "headers", lambda _: {"authorization": f"Bearer {spoilt}"})
        keep(client, expires_at, refresh_token, spoilt)
        answer = await client.get("/me", follow_redirects=True)
    assert answer.status_code == 401
    assert 'action="/sign-in"' in answer.text
    assert 'name="onward" value="/me"' in answer.text
    assert SESSION not in client.cookies


async def test_a_session_that_was_ended_elsewhere_asks_to_sign_in(console, town):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        _, refresh_token, access_token = session(client)
        await town.directory.ask("POST", "/sign-out", json={"refresh_token": refresh_token})
        keep(client, 1, refresh_token, access_token)
        page = await client.get("/")
        assert page.status_code == 200
        assert 'action="/sign-in"' in page.text
        assert SESSION not in client.cookies


async def test_a_hostile_name_is_shown_as_text(console, town):
    who = await account(town, name="<img src=x onerror=alert(1)>")
    async with browser(console) as client:
        await signed_in(client, who)
        page = (await client.get("/me")).text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


async def test_signing_in_leads_to_the_page_that_was_asked_for_and_never_elsewhere(console, town):
    who = await account(town)
    form = {"login_name": who.login_name, "password": PASSWORD}
    for onward, led in (
        ("/me?lang=en", "/me?lang=en"),
        ("", "/"),
        ("https://evil.test/", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test/", "/"),
        ("/\t/evil.test/", "/"),
        ("evil", "/"),
    ):
        async with browser(console) as client:
            answer = await send(client, "/sign-in", onward=onward, **form)
        assert (answer.status_code, answer.headers["location"]) == (303, led)


async def test_the_first_page_leads_to_the_community_and_shows_the_ways_of_a_role(console, town):
    who = await account(town, "resident", "community_staff", name="王建国")
    async with browser(console) as client:
        await signed_in(client, who)
        led = (await client.get("/")).headers["location"]
        page = await client.get(led)
        assert page.status_code == 200
        assert "文化路社区" in page.text
        assert f'href="{led}desk"' in page.text
        assert f'href="{led}tasks"' not in page.text
        assert 'class="missing"' in page.text  # requests does not run here; the rest does
        assert (await client.get(f"{led}desk")).status_code == 200
        for hidden in (f"{led}tasks", f"{led}grid", "/operator", "/in/elsewhere/", "/in/..%2Fx/"):
            assert (await client.get(hidden)).status_code == 404, hidden


async def test_large_text_and_language_stay_as_they_were_chosen(console, town):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        assert '<html lang="zh-CN">' in (await client.get("/me")).text
        large = await client.get("/me", params={"text": "large"})
        assert '<html lang="zh-CN" class="large">' in large.text
        assert 'class="large"' in (await client.get("/me")).text
        await client.get("/me", params={"text": "normal", "lang": "en"})
        assert '<html lang="en">' in (await client.get("/me")).text


async def test_a_password_is_changed_and_the_session_goes_on(console, town):
    who = await account(town)
    async with browser(console) as client:
        await signed_in(client, who)
        short = await send(client, "/me/password", old=PASSWORD, new="short")
        assert short.status_code == 400
        assert 'aria-describedby="new_hint new_remark"' in short.text
        wrong = await send(client, "/me/password", old="not it, not it", new="another password")
        assert wrong.status_code == 401
        assert "现在的密码不对。" in wrong.text
        assert 'aria-describedby="old_hint old_remark"' in wrong.text
        done = await send(client, "/me/password", old=PASSWORD, new="another password")
        assert (done.status_code, done.headers["location"]) == (303, "/me?done=password")
        assert "密码已修改" in (await client.get(done.headers["location"])).text
    async with browser(console) as client:
        answer = await send(
            client, "/sign-in", login_name=who.login_name, password="another password"
        )
        assert answer.status_code == 303
