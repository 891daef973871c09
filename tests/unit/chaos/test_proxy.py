"""The proxy really cuts, stalls and slows, and heals; it counts what it met."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from tests.chaos.proxy import Proxy
from tests.support.platform import eventually


@dataclass
class Echo:
    """A server that answers each line with the same line, behind a proxy."""

    proxy: Proxy

    async def call(self) -> "Call":
        return Call(*await asyncio.open_connection("127.0.0.1", self.proxy.port))


@dataclass
class Call:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def says(self, line: bytes) -> bytes:
        self.writer.write(line)
        async with asyncio.timeout(5):
            return await self.reader.readline()

    async def is_over(self) -> bool:
        """Whether the other end has closed or reset it."""
        try:
            return await self.says(b"?\n") == b""
        except ConnectionError:
            return True


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[Echo]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Proxy(lambda: port) as proxy:
            yield Echo(proxy)


async def test_it_passes_everything_on(echo: Echo) -> None:
    call = await echo.call()
    assert await call.says(b"1\n") == b"1\n"
    assert echo.proxy.touched == 0


async def test_a_cut_ends_links_and_refuses_new_ones(echo: Echo) -> None:
    call = await echo.call()
    await call.says(b"1\n")
    echo.proxy.cut()
    assert await call.is_over()
    assert await (await echo.call()).is_over()
    assert echo.proxy.touched > 1


async def test_after_healing_new_links_pass(echo: Echo) -> None:
    echo.proxy.cut()
    echo.proxy.heal()
    assert await (await echo.call()).says(b"1\n") == b"1\n"


async def held(echo: Echo) -> "asyncio.Task[bytes]":
    """A line on its way through a stalled proxy."""
    call = await echo.call()
    await call.says(b"1\n")
    echo.proxy.stall()
    waiting = asyncio.create_task(call.says(b"2\n"))

    async def met() -> bool:
        return echo.proxy.touched > 0

    await eventually(met)
    assert not waiting.done()
    return waiting


async def test_what_a_stall_held_back_arrives_late(echo: Echo) -> None:
    waiting = await held(echo)
    echo.proxy.heal()
    assert await waiting == b"2\n"


async def test_or_never(echo: Echo) -> None:
    waiting = await held(echo)
    echo.proxy.heal(reset=True)
    (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
    assert outcome == b"" or isinstance(outcome, ConnectionError)


async def test_a_slow_link_keeps_every_chunk_back(echo: Echo) -> None:
    call = await echo.call()
    echo.proxy.slow(0.05)
    clock = asyncio.get_running_loop()
    began = clock.time()
    assert await call.says(b"1\n") == b"1\n"
    assert clock.time() - began >= 0.1  # there and back
    assert echo.proxy.touched == 2


async def test_a_server_that_is_away_looks_closed(echo: Echo) -> None:
    async with Proxy(lambda: 1) as proxy:
        assert await (await Echo(proxy).call()).is_over()
