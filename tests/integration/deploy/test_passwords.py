"""Where a kept password goes: to the platform that it is for, and to no other address."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.databases import Databases
from deploy.tokens import operator, password_of
from deploy.where import NotRunning, Whereabouts
from tests.support.jinlin import ENVIRONMENT, jinlin, one_sentence

OURS = "http://127.0.0.1:8000"
ELSEWHERE = "http://127.0.0.1:8001"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a platform that runs at OURS, with its operator's password."""
    for name in ("POSTGRES_URL", "OPERATOR_NAME", "OPERATOR_PASSWORD"):
        monkeypatch.delenv(f"JINLIN_{name}", raising=False)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "operator").write_text("kept")
    Whereabouts(Databases("postgresql://", {}), "nats://", OURS).write(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where commands are typed: one without a contributor's own `.env`."""
    here = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(here)
    return here


@asynccontextmanager
async def stranger(*answers: str) -> AsyncGenerator[tuple[str, bytearray]]:
    """Somebody at an address who gives these answers, then 404; and what was sent there."""
    heard = bytearray()
    left = list(answers)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(65536))
        status = left.pop(0) if left else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


def test_a_kept_password_is_for_its_own_platform_only(folder: Path) -> None:
    assert password_of("operator", folder, OURS) == "kept"
    for origin in (ELSEWHERE, f"{OURS}.example.org", "https://127.0.0.1:8000"):
        with pytest.raises(NotRunning, match="Set JINLIN_OPERATOR_NAME"):
            password_of("operator", folder, origin)
    Whereabouts.forget(folder)
    with pytest.raises(NotRunning):
        password_of("operator", folder, OURS)


def test_the_environments_operator_goes_where_it_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JINLIN_OPERATOR_NAME", "root")
    monkeypatch.setenv("JINLIN_OPERATOR_PASSWORD", "given")
    assert operator(folder, ELSEWHERE) == ("root", "given")
    with pytest.raises(NotRunning):
        password_of("operator", folder, ELSEWHERE)


def test_the_operator_of_the_composition_is_for_this_machine_only(
    folder: Path, elsewhere: Path
) -> None:
    (elsewhere / ".env").write_text(
        "JINLIN_OPERATOR_NAME=operator\nJINLIN_OPERATOR_PASSWORD='of the composition'\n"
    )
    assert operator(folder, ELSEWHERE) == ("operator", "of the composition")
    assert operator(folder, OURS) == ("operator", "kept")
    with pytest.raises(NotRunning):
        operator(folder, "https://127.0.0.1.example.org")


@pytest.mark.parametrize("command", ["demo", "token operator"])
async def test_a_foreign_address_hears_nothing(folder: Path, command: str) -> None:
    async with stranger() as (origin, heard):
        answer = await jinlin(*command.split(), "--at", origin, "--data", folder)
    assert "is known here. Set JINLIN_OPERATOR_NAME" in one_sentence(answer)
    assert not heard


async def test_who_is_no_jinlin_never_hears_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_OPERATOR_NAME", "operator")
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_OPERATOR_PASSWORD", "very secret")
    async with stranger() as (origin, heard):
        sentence = one_sentence(await jinlin("token", "operator", "--at", origin))
    assert sentence.startswith(f"No platform answers at {origin}")
    assert heard.startswith(b"GET /livez ")
    assert b"secret" not in heard


async def test_an_address_where_nobody_is_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_OPERATOR_NAME", "operator")
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_OPERATOR_PASSWORD", "very secret")
    answer = await jinlin("token", "operator", "--at", "http://127.0.0.1:1")
    assert one_sentence(answer) == "No platform answers at http://127.0.0.1:1"


async def test_a_wrong_password_of_the_operator_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_OPERATOR_NAME", "operator")
    monkeypatch.setitem(ENVIRONMENT, "JINLIN_OPERATOR_PASSWORD", "wrong")
    async with stranger("200 OK", "401 Unauthorized") as (origin, heard):
        answer = await jinlin("demo", "--at", origin)
    assert one_sentence(answer) == (
        f"The platform at {origin} refused the operator: "
        "check JINLIN_OPERATOR_NAME and JINLIN_OPERATOR_PASSWORD"
    )
    assert b"POST /api/directory/sign-in " in heard
