"""Child processes that run a server: started in a session of their own, watched, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from deploy.foreseen import Foreseen
from deploy.local import launch

# How a server is asked to end: a signal, and the seconds it gets before the next one.
type Steps = Sequence[tuple[signal.Signals, float]]

_POLL_SECONDS = 0.005
_LOG_BYTES = 5_000_000
_LAST_LINES = 15


class ServerFailed(Foreseen):
    """A server did not start, or died; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Identity:
    """As whom a child runs: see `launch.py` for the three kinds."""

    kind: Literal["same", "namespace", "account"] = "same"
    uid: int = 0
    gid: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.uid}:{self.gid}"


class Child:
    """A running child process.

    It is the leader of its own session, so that a Ctrl-C at our terminal does not reach it. It
    gets `death_signal` when the thread that made it ends, kill -9 of our process included
    (Linux): make it in a thread that lives as long as the child shall. It inherits no file of
    ours but its log; `environment` adds to ours. Its working folder is `folder`, by which
    `end_leftovers` knows it again.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        identity: Identity | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = Path(command[0]).name
        self._log = log
        with _opened_log(log) as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", launch.__file__),
                    *(str(os.getpid()), str(int(death_signal)), str(identity or Identity())),
                    *command,
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
                env=_environment() | dict(environment or {}),
            )

    @property
    def pid(self) -> int:
        """The server's own pid: everything between us and it executes in place."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._process.poll()

    def log_text(self) -> str:
        """Return what this child, and nobody before it, has written so far."""
        with self._log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def failure(self, what: str) -> ServerFailed:
        """Return an error that says `what` and shows the last lines of the log."""
        lines = self.log_text().splitlines()[-_LAST_LINES:]
        shown = "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"
        return ServerFailed(f"{self.name} {what}. Last lines of {self._log}:\n{shown}")

    async def until(self, ready: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
        """Return as soon as `ready()` holds.

        Raises:
            ServerFailed: the child ended first, or `seconds` have passed.
        """

        async def settled() -> bool:
            return self.exit_code is not None or await ready()

        in_time = await wait_until(settled, seconds=seconds)
        if self.exit_code is not None:
            raise self.failure(f"ended with code {self.exit_code} before it was ready")
        if not in_time:
            raise self.failure(f"was not ready within {seconds:.0f} s")

    async def ended(self, *, seconds: float) -> bool:
        """Wait until the child has ended; False if it has not within `seconds`."""

        async def has_ended() -> bool:
            return self.exit_code is not None

        return await wait_until(has_ended, seconds=seconds)

    async def stop(self, steps: Steps) -> None:
        """Send each signal in turn until the child has ended, SIGKILL to its group at last."""
        for number, seconds in steps:
            self._process.send_signal(number)  # does nothing once the child has ended
            if await self.ended(seconds=seconds):
                return
        self.kill()
        await self.ended(seconds=10)

    def kill(self) -> None:
        """SIGKILL to the child's process group, unless the child has ended."""
        if self.exit_code is None:
            os.killpg(self.pid, signal.SIGKILL)


async def run(child: Child, *, seconds: float) -> int:
    """Wait for a child that ends by itself, and return its exit code.

    It does not outlive the wait: it is killed when `seconds` have passed, or on cancellation.
    """
    try:
        if not await child.ended(seconds=seconds):
            raise child.failure(f"did not finish within {seconds:.0f} s")
    finally:
        child.kill()
    return child.exit_code or 0


async def wait_until(condition: Callable[[], Awaitable[bool]], *, seconds: float) -> bool:
    """Ask until `condition()` holds; False if it does not within `seconds`."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + seconds
    while not await condition():
        if clock.time() > deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


def _opened_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.old"))
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def _environment() -> dict[str, str]:
    """Ours without what would change how PostgreSQL starts, with messages we can read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}
