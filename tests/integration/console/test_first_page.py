"""The first page with services that run, and with none."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.settings import Settings
from tests.support.platform import Platform

NOWHERE = "http://127.0.0.1:1"
SITE = "https://console.test"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
STATE = re.compile(r'id="service-(\w+)">.*?class="state (\w+)">.*?</svg>([^<]+)<', re.DOTALL)


@asynccontextmanager
async def console_of(
    origin: str = NOWHERE, services: dict[str, FastAPI] | None = None
) -> AsyncGenerator[FastAPI]:
    """The console before `services`, called in this process, or before whatever is at `origin`."""
    transport = None
    if services is not None:
        transport = httpx.ASGITransport(OneOrigin(services), raise_app_exceptions=False)
    app = create_app(Settings(origin=origin), transport=transport)
    async with app.router.lifespan_context(app):
        yield app


def browser(console: FastAPI, site: str = SITE, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(console, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=site, headers=headers)


@pytest_asyncio.fixture
async def alone() -> AsyncGenerator[FastAPI]:
    """A console whose services are all down."""
    async with console_of() as console:
        yield console


def token_in(page: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def states(page: httpx.Response) -> dict[str, tuple[str, str]]:
    return {name: (state, word) for name, state, word in STATE.findall(page.text)}


async def test_with_every_service_down_the_page_says_so_and_what_to_do(alone):
    async with browser(alone) as client:
        page = await client.get("/")
    assert page.status_code == 200
    assert states(page) == dict.fromkeys(
        ("directory", "requests", "volunteers", "points", "notify"), ("unavailable", "不可用")
    )
    assert "现在无法登录：登录服务不可用。请过几分钟再试" in page.text


async def test_the_page_is_chinese_until_english_is_wanted_and_then_stays_english(alone):
    async with browser(alone) as client:
        first = await client.get("/")
        assert '<html lang="zh-CN">' in first.text
        assert "<title>登录 · 近邻</title>" in first.text
        english = await client.get("/", params={"lang": "en"})
        assert '<html lang="en">' in english.text
        assert "<title>Sign in · Jinlin</title>" in english.text
        assert re.findall(r"[\u4e00-\u9fff]+", english.text) == ["中文"]  # the way back
        assert '<html lang="en">' in (await client.get("/")).text
        await client.get("/", params={"lang": "zh-CN"})
        assert '<html lang="zh-CN">' in (await client.get("/")).text
    async with browser(alone, **{"accept-language": "en-US,en;q=0.9"}) as client:
        assert '<html lang="en">' in (await client.get("/")).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/", 405),
        ("GET", "/sign-in", 303),
        ("POST", "/sign-in", 403),
        ("GET", "/static/console.css", 404),
        ("GET", "/static/000000000000/console.css", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/service-worker.js", 200),
        ("GET", "/manifest.webmanifest", 200),
        ("GET", "/offline", 200),
        ("GET", "/me", 401),
        ("POST", "/me/password", 403),
        ("GET", "/in/wenhua-road/", 401),
        ("GET", "/in/WENHUA/", 401),
        ("GET", "/in/wenhua-road/tasks", 401),
        ("GET", "/in/wenhua-road/grid", 401),
        ("GET", "/in/wenhua-road/desk", 401),
        ("GET", "/operator", 401),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/openapi.json", 404),
    ],
)
async def test_every_answer_carries_the_safe_headers(alone, method, path, status):
    async with browser(alone) as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    kept = path in {"/service-worker.js", "/manifest.webmanifest", "/offline"}
    assert answer.headers["cache-control"] == ("no-cache" if kept else "no-store")


async def test_an_error_that_nobody_foresaw_is_a_page_with_the_safe_headers(alone):
    del alone.state.services
    async with browser(alone) as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert "出错了。请稍后再试" in answer.text
    assert "AttributeError" not in answer.text


async def test_cookies_are_host_bound_secure_and_out_of_reach_of_scripts(alone):
    async with browser(alone) as client:
        (cookie,) = (await client.get("/")).headers.get_list("set-cookie")
    name, *flags = re.split("[=;] ?", cookie)
    assert name == "__Host-form-token"
    assert {"HttpOnly", "Secure", "Path", "SameSite", "lax"} <= set(flags)
    assert "Domain" not in flags


async def test_on_plain_loopback_cookies_work_without_https(alone):
    async with browser(alone, "http://127.0.0.1:8000") as client:
        page = await client.get("/")
        (cookie,) = page.headers.get_list("set-cookie")
        assert cookie.startswith("form-token=")
        assert "Secure" not in cookie
        form = {"form_token": token_in(page), "login_name": "li", "password": "secret"}
        answer = await client.post("/sign-in", data=form)
    assert answer.status_code == 503  # taken, and the directory is down


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (None, {}),
        ("", {}),
        ("another", {}),
        ("另一个", {}),
        ("its own", {"origin": "https://evil.test"}),
        ("its own", {"origin": "https://console.test.evil.test"}),
        ("its own", {"origin": "https://console.test:8443"}),
        ("its own", {"origin": "null"}),
        ("its own", {"origin": "https://["}),
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
async def test_a_form_that_is_not_ours_does_nothing(alone, path, token, headers):
    async with browser(alone) as client:
        client.cookies.set("__Host-session", "1900000000~r~a", domain="console.test")
        page = await client.get("/")
        form = {"login_name": "li", "password": "secret"}
        if token is not None:
            form["form_token"] = token_in(page) if token == "its own" else token
        answer = await client.post(path, data=form, headers=headers)
    assert answer.status_code == 403
    assert "刚才的操作没有执行" in answer.text
    assert "session" not in answer.headers.get("set-cookie", "")


async def test_a_form_without_the_cookie_does_nothing(alone):
    async with browser(alone) as client:
        token = token_in(await client.get("/"))
        client.cookies.clear()
        form = {"form_token": token, "login_name": "li", "password": "secret"}
        assert (await client.post("/sign-in", data=form)).status_code == 403
        client.cookies.clear()
        assert (await client.post("/sign-in", data=form | {"form_token": ""})).status_code == 403


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"password": "secret"}, "login_name"),
        ({"login_name": "   ", "password": "secret"}, "login_name"),
        ({"login_name": "li"}, "password"),
    ],
)
async def test_what_is_missing_is_told_beside_its_field(alone, form, field):
    async with browser(alone) as client:
        token = token_in(await client.get("/"))
        answer = await client.post("/sign-in", data=form | {"form_token": token})
    assert answer.status_code == 400
    assert f'aria-describedby="{field}_remark"' in answer.text
    assert f'id="{field}_remark"' in answer.text


async def test_what_was_typed_comes_back_as_text_and_a_password_never(alone):
    hostile = "\"'><script>alert(1)</script>{{ 7*7 }}"
    async with browser(alone) as client:
        token = token_in(await client.get("/"))
        form = {"form_token": token, "login_name": hostile, "password": "hunter2hunter2"}
        answer = await client.post("/sign-in", data=form)
    assert answer.status_code == 503
    assert "<script>" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in answer.text
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 2_000_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe=%ff&&&", "application/x-www-form-urlencoded", 403),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x", 403),
        (b"{}", "application/json", 403),
    ],
)
async def test_a_body_that_is_no_form_is_refused(alone, content, kind, status):
    async with browser(alone) as client:
        answer = await client.post("/sign-in", content=content, headers={"content-type": kind})
    assert answer.status_code in {status, 400}
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("cookie", "status"),
    [("nonsense", 200), ("~~~", 200), ("é", 200), ("1~r~a", 503), ("9999999999~r~a.b", 503)],
)
async def test_a_session_cookie_that_is_not_ours_breaks_no_page(alone, cookie, status):
    """What might be a session is renewed before it is believed: not while the directory is down."""
    async with browser(alone) as client:
        headers = [(b"cookie", f"__Host-session={cookie}".encode("latin-1"))]
        page = await client.get("/", headers=headers)
    assert page.status_code == status


async def test_who_is_signed_in_stays_so_while_the_directory_is_away(alone):
    async with browser(alone) as client:
        client.cookies.set("__Host-session", "9999999999~r~a", domain="console.test")
        page = await client.get("/")
        assert page.status_code == 503
        assert "您已登录，但登录服务暂时不可用" in page.text
        assert "__Host-session" in client.cookies
        answer = await client.post("/sign-out", data={"form_token": token_in(page)})
        assert answer.status_code == 303
        assert "__Host-session" not in client.cookies
        assert 'action="/sign-in"' in (await client.get("/")).text


async def test_services_that_hang_are_waited_for_two_seconds_together():
    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with console_of(f"http://127.0.0.1:{port}") as console, browser(console) as client:
        began = time.monotonic()
        page = await client.get("/")
        assert time.monotonic() - began < 4
    server.close()
    server.close_clients()
    assert {state for state, _ in states(page).values()} == {"unavailable"}


async def test_a_service_that_is_well_is_shown_so_beside_those_that_are_down(platform: Platform):
    services = {"requests": await platform.app("requests")}
    async with console_of(services=services) as console, browser(console) as client:
        page = await client.get("/")
    assert states(page)["requests"] == ("well", "正常")
    assert states(page)["points"] == ("unavailable", "不可用")


async def test_the_console_counts_what_came_of_its_calls(alone):
    async with browser(alone) as client:
        token = token_in(await client.get("/"))
        form = {"form_token": token, "login_name": "li", "password": "secret"}
        await client.post("/sign-in", data=form)
        figures = (await client.get("/metrics")).text
    labels = '{outcome="unavailable",service="directory"}'
    assert f"jinlin_console_calls_total{labels} 1.0" in figures


async def test_the_page_without_network_is_about_nobody_and_in_both_languages(alone):
    async with browser(alone) as client:
        page = await client.get("/offline")
        worker = (await client.get("/service-worker.js")).text
    assert "<h1>没有网络</h1>" in page.text
    assert "<h1>No network</h1>" in page.text
    assert "set-cookie" not in page.headers
    shell = json.loads(worker.partition("= ")[2].partition(";")[0])
    assert shell[0] == "/offline"
    async with browser(alone) as client:
        for kept in shell:
            assert (await client.get(kept)).status_code == 200, kept


async def test_files_are_kept_for_good_under_the_name_of_their_content(alone):
    async with browser(alone) as client:
        [style] = re.findall(r'href="(/static/[^"]+\.css)"', (await client.get("/")).text)
        found = await client.get(style)
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["content-encoding"] == "gzip"
        again = await client.get(style, headers={"if-none-match": found.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        plain = await client.get(style, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.text == found.text


async def test_another_offline_page_is_another_worker_which_brings_it(alone) -> None:
    async with browser(alone) as client:
        page, worker = await client.get("/offline"), await client.get("/service-worker.js")
    mark = hashlib.sha256(page.content).hexdigest()[:12]
    assert f'const OFFLINE = "{mark}"' in worker.text
    assert "const CACHE = `shell ${OFFLINE} " in worker.text
