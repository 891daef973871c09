"""`jinlin up`: one command starts everything, and whatever ends it leaves nothing behind."""

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio

from deploy.services import SERVICES
from tests.support.jinlin import Answer, Up, jinlin, one_sentence, up, working_in
from tests.support.open_python import as_user, python_for_all
from tests.support.platform import eventually

SIGN_INS = {"operator", "staff", "gridworker", "resident", "volunteer", "unit"}


@contextlib.contextmanager
def closed_folder() -> Generator[Path]:
    """A data folder to be, in a folder closed to all but us, like a home folder."""
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as closed:
        yield Path(closed) / "data"


@pytest.fixture
def new_folder() -> Generator[Path]:
    with closed_folder() as folder:
        yield folder


@pytest_asyncio.fixture(scope="module")
async def first(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[tuple[Path, dict]]:
    """The data folder that a first start with the demo community has left, and its sign-ins."""
    with closed_folder() as data, up(data, "--demo") as started:
        await started.ready()
        sign_ins = started.sign_ins
        assert "Loading the demo community" in started.said
        await started.stop(signal.SIGTERM)
        yield data, sign_ins


@pytest.fixture
def folder(first: tuple[Path, dict], new_folder: Path) -> Path:
    """A copy of it: that saves the making of databases and a community."""
    return shutil.copytree(first[0], new_folder, symlinks=True)


async def signed_in(origin: str, name: str, password: str) -> httpx.AsyncClient:
    who = {"login_name": name, "password": password}
    key = {"idempotency-key": os.urandom(8).hex()}
    async with httpx.AsyncClient(base_url=f"{origin}/api", timeout=30) as client:
        answer = await client.post("/directory/sign-in", json=who, headers=key)
    assert answer.status_code == 200, answer.text
    token = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.AsyncClient(base_url=f"{origin}/api", timeout=30, headers=token)


async def communities(origin: str, sign_ins: dict[str, str]) -> list[str]:
    async with await signed_in(origin, "operator", sign_ins["operator"]) as operator:
        page = (await operator.get("/directory/communities")).json()
    return [one["slug"] for one in page["items"]]


async def test_a_second_start_answers_on_one_port_with_the_data_of_the_first(
    first: tuple[Path, dict], folder: Path
) -> None:
    with up(folder, "--demo") as started:
        origin = await started.ready()
        assert started.sign_ins == first[1]
        assert started.sign_ins.keys() == SIGN_INS
        assert "Loading the demo community" not in started.said
        assert await communities(origin, first[1]) == ["demo"]
        async with await signed_in(origin, "staff", first[1]["staff"]) as staff:
            people = (await staff.get("/directory/demo/people")).json()["items"]
            assert {one["login_name"] for one in people} == SIGN_INS - {"operator"}
            for service in SERVICES:
                assert (await staff.get(f"/{service}/livez")).status_code == 200
        async with httpx.AsyncClient(base_url=origin, follow_redirects=True) as browser:
            page = await browser.get("/")
            assert page.status_code == 200
            assert page.headers["content-type"].startswith("text/html")
            assert (await browser.get("/readyz")).json()["services"].keys() == set(SERVICES)
        assert await started.stop(signal.SIGINT) < 5
        assert await started.nothing_left()
        assert "The data stays in" in started.said
        assert "Traceback" not in started.err.read_text()
    after = await jinlin("verify", "--data", folder)
    assert one_sentence(after).startswith("No platform is running")


async def test_an_open_stream_delays_no_stop_and_neither_does_impatience(
    first: tuple[Path, dict], folder: Path
) -> None:
    with up(folder) as started:
        origin = await started.ready()
        async with (
            await signed_in(origin, "resident", first[1]["resident"]) as resident,
            resident.stream("GET", "/notify/inbox/stream") as stream,
        ):
            assert stream.status_code == 200
            lines = stream.aiter_lines()
            assert await anext(lines)
            seconds = await stop_twice(started)
        assert seconds < 4
        assert await started.nothing_left()
        assert "Traceback" not in started.err.read_text()


async def stop_twice(started: Up) -> float:
    """SIGTERM, and again as soon as it has been heard, and again."""
    started.send(signal.SIGTERM)

    async def heard() -> bool:
        return "Stopping" in started.said

    await eventually(heard)
    return await started.stop(signal.SIGTERM, signal.SIGINT)


async def test_a_start_can_be_broken_off_at_any_time(new_folder: Path) -> None:
    moments = {
        "the servers start": new_folder / "nats.log",
        "the services start": new_folder / "secrets" / "operator",
        "the demo community is loaded": new_folder / "secrets" / "unit",
    }
    for moment, mark in moments.items():
        with up(new_folder, "--demo") as started:
            await reached(started, mark)
            await started.stop(signal.SIGTERM)
            assert "Ready" not in started.said, moment
            assert "Traceback" not in started.err.read_text(), moment
            assert await started.nothing_left(), moment
    with up(new_folder, "--demo") as started:
        origin = await started.ready()
        for sign_in in started.sign_ins.items():
            await (await signed_in(origin, *sign_in)).aclose()
        assert await communities(origin, started.sign_ins) == ["demo"]
        await started.stop(signal.SIGINT)


async def reached(started: Up, mark: Path) -> None:
    async def there() -> bool:
        return "starting" in started.said and await asyncio.to_thread(mark.exists)

    await eventually(there, seconds=60)


async def test_after_kill_9_of_the_group_a_start_finds_its_data(
    first: tuple[Path, dict], folder: Path
) -> None:
    with up(folder) as killed:
        await killed.ready()
        killed.send(signal.SIGKILL)
        assert await killed.ended() == -signal.SIGKILL
    answer = await jinlin("verify", "--data", folder)
    assert "do not answer" in one_sentence(answer)
    with up(folder, "--demo") as started:
        origin = await started.ready()
        assert "Loading the demo community" not in started.said
        await (await signed_in(origin, "resident", first[1]["resident"])).aclose()
        await started.stop(signal.SIGINT)
        assert await started.nothing_left()


async def test_what_is_in_use_is_refused_by_name_and_a_dead_server_ends_it_all(
    folder: Path,
) -> None:
    with up(folder) as started:
        origin = await started.ready()
        port = origin.rpartition(":")[2]
        second = one_sentence(await jinlin("up", "--data", folder, "--port", port))
        assert second.startswith(f"The data folder {folder} is in use")
        assert str(started.process.pid) in second
        with closed_folder() as other:
            taken = one_sentence(await jinlin("up", "--data", other, "--port", port))
            assert taken.startswith(f"Port {port} is taken")
            assert not working_in(other)
        async with httpx.AsyncClient(base_url=origin) as client:
            assert (await client.get("/readyz")).status_code == 200
        for server in psutil.Process(started.process.pid).children():
            if server.name() == "nats-server":
                server.kill()
        code = await started.ended()
        says = one_sentence_of_many(Answer(code, started.said, started.err.read_text()))
        assert says.startswith("nats-server has ended by itself")
        assert await started.nothing_left()


def one_sentence_of_many(answer: Answer) -> str:
    """A dead server's sentence is followed by the last lines of its log."""
    assert answer.code == 1, answer
    assert "Traceback" not in answer.err
    return next(line for line in answer.err.splitlines() if not line.startswith("{"))


async def test_a_port_out_of_range_is_the_callers_mistake(new_folder: Path) -> None:
    assert (await jinlin("up", "--data", new_folder, "--port", 70000)).code == 2
    assert not working_in(new_folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="no root: every other test here is a user's")
async def test_an_ordinary_user_starts_it_in_a_folder_that_only_he_can_read() -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    with (
        python_for_all(whole=True) as prefix,
        tempfile.TemporaryDirectory(prefix="jinlin-home-") as home,
    ):
        os.chown(home, uid, uid)
        command = [prefix / "bin" / "python", "-c", "from deploy.cli import main; main()"]
        data = Path(home) / "数据"
        with up(data, command=command, **as_user(prefix, uid, Path(home))) as started:
            origin = await started.ready()
            assert {one.uids().real for one in working_in(data)} == {uid}
            assert data.stat().st_mode & 0o777 == 0o700
            assert list(started.sign_ins) == ["operator"]
            await (await signed_in(origin, *started.sign_ins.popitem())).aclose()
            secrets = json.loads((data / "whereabouts.json").read_text())
            assert secrets["origin"] == origin
            assert (data / "whereabouts.json").stat().st_mode & 0o077 == 0
            assert await started.stop(signal.SIGINT) < 10
            assert await started.nothing_left()
