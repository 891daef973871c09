"""A TCP proxy between a service and a server, which a fault can cut, stall or slow down.

It also gives the servers constant addresses: they take another port at every start.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self

__all__ = ["Proxy"]

HOST = "127.0.0.1"
CHUNK_BYTES = 64 * 1024


class Proxy:
    """Listens on a port of its own and passes bytes on to where `target()` is now."""

    def __init__(self, target: Callable[[], int]) -> None:
        """Take a way to the present port of the server."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._delay_seconds = 0.0
        self.touched = 0
        """How many links and chunks the fault in force has met."""

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._link, HOST, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening and end every link."""
        assert self._server is not None
        self._server.close()
        self.heal()
        self._reset()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Partition: reset every link, and each new one at once."""
        self.touched, self._is_cut = len(self._links), True
        self._reset()

    def stall(self) -> None:
        """Half-open: links stay, new ones are taken, and nothing passes."""
        self.touched = 0
        self._flows.clear()

    def slow(self, seconds: float) -> None:
        """Keep every chunk back for `seconds`."""
        self.touched, self._delay_seconds = 0, seconds

    def heal(self, *, reset: bool = False) -> None:
        """End the fault; what was kept back arrives late, or with `reset` never."""
        self._is_cut, self._delay_seconds = False, 0.0
        if reset:
            self._reset()
        self._flows.set()

    def _reset(self) -> None:
        for writer in self._links:
            writer.transport.abort()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either end closes it."""
        if self._is_cut:
            self.touched += 1
            writer.transport.abort()
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(HOST, self._target())
        except OSError:  # the server is away
            writer.transport.abort()
            return
        ends = {writer, server_writer}
        self._links |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, server_writer)),
            asyncio.create_task(self._pump(server_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._links -= ends
            for end in ends:
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                if not self._flows.is_set():
                    self.touched += 1
                    await self._flows.wait()
                if self._delay_seconds:
                    self.touched += 1
                    await asyncio.sleep(self._delay_seconds)  # what a slow network does
                writer.write(chunk)
                await writer.drain()
