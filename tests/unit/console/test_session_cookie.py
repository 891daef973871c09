"""What the browser keeps: a session of any length, and nothing that breaks a page."""

import time
from uuid import UUID

import pytest
from fastapi import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from services.console.clients.models.directory import TokensView
from services.console.pages.cookies import Cookies
from services.console.pages.session import Session

TOKEN = st.text("ABCxyz019-_.", min_size=1, max_size=9000)


def request(
    host: str = "jinlin.example", scheme: str = "http", cookies: dict[str, str] | None = None
) -> Request:
    cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    headers = [(b"host", host.encode()), (b"cookie", cookie.encode())]
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": scheme,
            "path": "/",
            "query_string": b"",
            "headers": headers,
            "server": ("127.0.0.1", 8000),
        }
    )


def kept(answer: Response) -> dict[str, str]:
    pairs = [one.partition(";")[0].partition("=") for one in answer.headers.getlist("set-cookie")]
    return {name: value for name, _, value in pairs if value not in {"", '""'}}


@given(access=TOKEN, refresh=st.text("ABCxyz019-_", min_size=1, max_size=64))
def test_a_session_comes_back_as_it_was_kept(access, refresh):
    session = Session(access, refresh, 1_900_000_000)
    answer = Response()
    Cookies(request()).put(answer, "session", session.packed(), kept_seconds=60)
    cookies = kept(answer)
    assert all(len(value) <= 3800 for value in cookies.values())
    brought = Cookies(request(cookies=cookies)).get("session")
    assert Session.unpacked(brought) == session


@given(st.text(max_size=200))
def test_a_cookie_that_is_not_ours_is_no_session(text):
    Session.unpacked(text)
    assert Session.unpacked(f"{'9' * 5000}~a~b") is None
    assert Session.unpacked("12~a~") is None
    assert Session.unpacked("１２~a~b") is None


def test_a_shorter_session_leaves_no_piece_of_a_longer_one():
    before = Response()
    Cookies(request()).put(before, "session", "x" * 9000, kept_seconds=60)
    assert len(kept(before)) == 3
    after = Response()
    Cookies(request(cookies=kept(before))).put(after, "session", "y" * 10, kept_seconds=60)
    assert kept(after) == {"__Host-session": "y" * 10}
    dropped = [one for one in after.headers.getlist("set-cookie") if "Max-Age=0" in one]
    assert len(dropped) == 2


def test_a_session_too_long_for_any_browser_is_an_error():
    with pytest.raises(ValueError, match="too many"):
        Cookies(request()).put(Response(), "session", "x" * 20_000, kept_seconds=60)


@pytest.mark.parametrize(
    ("host", "scheme", "secure"),
    [
        ("127.0.0.1:8000", "http", False),
        ("localhost:8000", "http", False),
        ("[::1]:8000", "http", False),
        ("localhost", "https", True),
        ("jinlin.example", "http", True),  # the edge speaks https, and calls us with http
        ("127.0.0.1.jinlin.example", "http", True),
        ("192.168.1.5:8000", "http", True),
    ],
)
def test_only_plain_loopback_goes_without_secure(host, scheme, secure):
    assert Cookies(request(host, scheme)).are_secure is secure


def test_a_session_is_over_a_little_before_its_token_ends():
    tokens = TokensView(person_id=UUID(int=1), access_token="a", refresh_token="r", expires_in=600)
    session = Session.begun(tokens)
    assert not session.is_over()
    assert Session("a", "r", int(time.time()) + 20).is_over()
