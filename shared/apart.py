"""Work on what people send, in a process of its own: whatever it holds, only that process ends.

The process is started by the standard library in a thread. uvloop's own way forks a process that
has threads and then runs Python in the child, which may wait for ever for a lock that nobody holds
there, and the service with it.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

import structlog

from shared.problems import Unavailable

__all__ = ["Apart"]

log = structlog.get_logger()

PLACES: Final = 6
"""How many may send something or wait for their turn; each holds it in memory."""


class Apart:
    """Runs a script of ours on what people sent, once at a time: each may take much memory."""

    def __init__(self, script: ModuleType, *, within_seconds: float) -> None:
        """Take the script, and how long one call may take, with the wait for its turn."""
        self._script = str(script.__file__)
        self._within_seconds = within_seconds
        self._turn = asyncio.Lock()
        self._taken = 0

    @contextmanager
    def place(self) -> Generator[None]:
        """A place for what somebody sends: take it before reading. Raises Unavailable."""
        if self._taken >= PLACES:
            raise Unavailable
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def run(self, sent: bytes, *arguments: str) -> tuple[int, bytes]:
        """What it ended with (below zero: by a signal) and what it wrote.

        Raises Unavailable when it is not done in time, or was killed: by the kernel, when the
        machine or the container had no memory left. That says nothing of what was sent.
        """
        try:
            code, written = await self._in_turn(sent, arguments)
        except (TimeoutError, subprocess.TimeoutExpired):
            raise Unavailable from None
        if code == -signal.SIGKILL:
            log.warning("apart.killed", script=self._script)
            raise Unavailable
        return code, written

    async def _in_turn(self, sent: bytes, arguments: tuple[str, ...]) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._within_seconds
        async with asyncio.timeout_at(until):
            await self._turn.acquire()
        working = asyncio.create_task(
            asyncio.to_thread(self._run, sent, arguments, until - loop.time())
        )
        # Whoever is no longer waited for works to the end, and only then is it another one's turn.
        working.add_done_callback(lambda _: self._turn.release())
        return await asyncio.shield(working)

    def _run(self, sent: bytes, arguments: tuple[str, ...], seconds: float) -> tuple[int, bytes]:
        done = subprocess.run(  # noqa: S603 - our own script
            # Isolated: it sees neither our environment, which has secrets, nor our folders.
            [sys.executable, "-IB", self._script, *arguments],
            input=sent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
            start_new_session=True,  # Ctrl-C is for us
            timeout=seconds, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout
