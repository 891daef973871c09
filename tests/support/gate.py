"""A way to a server that can be shut: as if the server were killed, and started again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit


class Gate:
    """Passes bytes on, from a port of its own to the server at `origin`."""

    def __init__(self, origin: str) -> None:
        self._server = urlsplit(origin)
        self._under_way: set[asyncio.StreamWriter] = set()
        self._listening: asyncio.Server | None = None
        self._port = 0
        self.loses_answers = False
        """Whether the server gets what is posted, and nobody hears what it says to that."""

    @classmethod
    @asynccontextmanager
    async def before(cls, origin: str) -> AsyncGenerator[Self]:
        """An open gate."""
        gate = cls(origin)
        await gate.open()
        try:
            yield gate
        finally:
            await gate.shut()

    @property
    def origin(self) -> str:
        """Where a browser comes in."""
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Take connections, at the same port as before."""
        self._listening = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
        self._port = self._listening.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuse new connections, and break those that there are."""
        if self._listening:
            self._listening.close()
        for writer in self._under_way:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asked = await asyncio.open_connection(self._server.hostname, self._server.port)
        self._under_way |= {writer, asked}
        is_posted = False

        async def ask() -> None:
            nonlocal is_posted
            while received := await reader.read(65_536):
                is_posted = is_posted or received.startswith(b"POST ")
                asked.write(received)
                await asked.drain()

        async def answer() -> None:
            while received := await answers.read(65_536):
                if is_posted and self.loses_answers:
                    return
                writer.write(received)
                await writer.drain()

        try:
            tasks = [asyncio.create_task(one()) for one in (ask, answer)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for one in (writer, asked):
                self._under_way.discard(one)
                one.transport.abort()
