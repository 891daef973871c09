"""Asking for closes: all at once or so many a second, from a process of a way itself.

Whoever closes runs `obey` as a child process: an order a line on standard input, and for each a
line on standard output that says when every close was asked for.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import orjson
import psutil
import uvloop

ROOT = Path(__file__).parents[2]
LONGEST_LINE_BYTES = 2**24
PATIENCE_SECONDS = 120
SLOWEST_PER_SECOND = 5
"""Slower than any way was ever seen, on a machine that does much else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A resolved request, and who asks for it to be closed."""

    request_id: UUID
    requester_id: UUID


type Close = Callable[[Asked], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Order:
    """Close these: `at_once` of them at any time, or `per_second` whatever is still under way."""

    requests: Sequence[Asked]
    at_once: int = 0
    per_second: float = 0


type Times = dict[str, tuple[float, float]]
"""By request id: when its close was asked for, and when it was answered (seconds since 1970)."""


async def drive(close: Close, order: Order) -> Times:
    """Close what is ordered; when each was asked for, and answered.

    At a rate, people come by chance, the same for every way; a close counts from the moment it was
    due, however late it really began.
    """
    times: Times = {}

    async def timed(one: Asked, asked: float) -> None:
        await close(one)
        times[str(one.request_id)] = (asked, time.time())

    if order.per_second:
        gaps, due = Random(len(order.requests)), time.time()
        async with asyncio.TaskGroup() as group:
            for one in order.requests:
                await asyncio.sleep(max(0, due - time.time()))  # until it is due
                group.create_task(timed(one, due))
                due += gaps.expovariate(order.per_second)
        return times
    waiting = iter(order.requests)

    async def work() -> None:
        for one in waiting:
            await timed(one, time.time())

    async with asyncio.TaskGroup() as group:
        for _ in range(order.at_once):
            group.create_task(work())
    return times


async def obey(close: Close) -> None:
    """Drive `close` by the orders of standard input, until it ends."""
    lines = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    say("ready")
    while line := await lines.readline():
        told = orjson.loads(line)
        requests = [Asked(UUID(one), UUID(by)) for one, by in told.pop("requests")]
        say(await drive(close, Order(requests, **told)))


def say(what: Any) -> None:
    """One line to whoever started this process."""
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a child process on the loop that the services run on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


class Part:
    """A child process of a way; `process` with its descendants is what its work costs."""

    def __init__(self, child: asyncio.subprocess.Process, name: str, log: Path) -> None:
        self._child, self._name, self._log = child, name, log
        self.process = psutil.Process(child.pid)
        self.port = 0

    async def hear(self, *, within_seconds: float = PATIENCE_SECONDS) -> Any:
        """What it says next. Raises RuntimeError when it has ended."""
        assert self._child.stdout is not None
        line = await asyncio.wait_for(self._child.stdout.readline(), within_seconds)
        if not line:
            raise self._ended()
        return orjson.loads(line)

    async def obey(self, order: Order) -> Times:
        """Let it close what is ordered; when each was asked for and answered."""
        assert self._child.stdin is not None
        requests = [(one.request_id, one.requester_id) for one in order.requests]
        told = {"requests": requests, "at_once": order.at_once, "per_second": order.per_second}
        self._child.stdin.write(orjson.dumps(told) + b"\n")
        slowest = len(order.requests) / (order.per_second or SLOWEST_PER_SECOND)
        return await self.hear(within_seconds=PATIENCE_SECONDS + slowest)

    async def is_ready(self) -> bool:
        """Whether the service at its port says so. Raises RuntimeError when it has ended."""
        if self._child.returncode is not None:
            raise self._ended()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: jinlin\r\nconnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer.startswith(b"HTTP/1.1 200")

    def _ended(self) -> RuntimeError:
        return RuntimeError(f"{self._name} has ended:\n{self._log.read_text()[-2000:]}")

    async def stop(self) -> None:
        """End it, after what it has in hand."""
        if self._child.returncode is None:
            self._child.terminate()
        await asyncio.wait_for(self._child.communicate(), PATIENCE_SECONDS)


@asynccontextmanager
async def child(
    *command: str, log: Path, environment: Mapping[str, str], speaks: bool = True
) -> AsyncGenerator[Part]:
    """A child process: ready when it has said so, if it `speaks`; stopped in the end."""
    with log.open("ab") as output:
        started = await asyncio.create_subprocess_exec(
            *command, env=dict(environment), cwd=ROOT, limit=LONGEST_LINE_BYTES,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if speaks else output,
            stderr=output,
        )  # fmt: skip
    part = Part(started, " ".join(command), log)
    try:
        if speaks:
            await part.hear()
        yield part
    finally:
        await part.stop()
