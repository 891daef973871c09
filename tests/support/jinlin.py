"""The command `jinlin` as somebody types it: real processes of the environment under test."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support.platform import eventually

JINLIN = Path(sys.prefix) / "bin" / "jinlin"
PATIENCE_SECONDS = 120

# No platform of the environment, and a terminal wide enough for tables.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith("JINLIN_")
} | {"COLUMNS": "300"}


@dataclass(frozen=True)
class Answer:
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str


async def jinlin(*arguments: object) -> Answer:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        JINLIN,
        *map(str, arguments),
        env=ENVIRONMENT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    except TimeoutError:
        process.kill()
        raise
    return Answer(process.returncode or 0, out.decode(), err.decode())


def working_in(folder: Path) -> list[psutil.Process]:
    """Every process whose working folder is `folder` or lies below it."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder.resolve()):
                found.append(process)
    return found


@dataclass(frozen=True)
class Up:
    """`jinlin up` in a process group of its own, as a terminal runs it."""

    data: Path
    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def said(self) -> str:
        return self.out.read_text()

    async def ready(self) -> str:
        """The address, once it is announced."""

        async def announced() -> bool:
            assert self.process.poll() is None, self.said + self.err.read_text()
            return "Ctrl-C stops everything" in self.said

        await eventually(announced, seconds=PATIENCE_SECONDS)
        line = next(line for line in self.said.splitlines() if line.startswith("Ready in"))
        return line.split()[-1]

    @property
    def sign_ins(self) -> dict[str, str]:
        """Names and passwords, as they were announced."""
        lines = [line.split() for line in self.said.splitlines() if line.startswith("  ")]
        return dict(lines)

    def send(self, number: signal.Signals) -> None:
        """To the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)

    async def ended(self) -> int:
        """How it ended."""
        return await asyncio.to_thread(self.process.wait, PATIENCE_SECONDS)

    async def stop(self, *signals: signal.Signals) -> float:
        """Send the signals, one after the other is seen; it ends well; how long it took."""
        began = time.monotonic()
        for number in signals:
            self.send(number)
        assert await self.ended() == 0, self.said + self.err.read_text()
        return time.monotonic() - began

    async def nothing_left(self) -> bool:
        """Whether none of its processes lives, within the moment that the kernel needs."""

        async def none() -> bool:
            group = [pid for pid in psutil.pids() if _group(pid) == self.process.pid]
            return not group and not working_in(self.data)

        return await eventually(none, seconds=30)


@contextlib.contextmanager
def up(
    data: Path,
    *options: object,
    command: Sequence[object] = (JINLIN,),
    port: int = 0,
    **how: Any,
) -> Generator[Up]:
    """Start it; whatever is left of it in the end is killed."""
    out, err = (data.parent / f"up.{name}" for name in ("out", "err"))
    how = {"env": ENVIRONMENT} | how
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*map(str, command), "up", "--data", data, "--port", str(port), *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            **how,
        )
    try:
        yield Up(data, process, out, err)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for one in working_in(data):
            with contextlib.suppress(psutil.Error):
                one.kill()


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def one_sentence(answer: Answer) -> str:
    """What a foreseen failure says: one line, no traceback, exit code 1."""
    assert answer.code == 1, answer
    assert len(answer.err.strip().splitlines()) == 1, answer.err
    assert "Traceback" not in answer.err
    return answer.err.strip()
