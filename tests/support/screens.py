"""Replicas of a service on real sockets, and browsers that keep a stream of it open."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import orjson
import uvicorn
from fastapi import FastAPI

from deploy import services
from shared.process import Server
from tests.support.platform import TEST_LIMITS, Person, Platform, eventually


class QuietServer(Server):
    """Leaves pytest its signals."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


INBOX = "/api/notify/inbox/stream"


@dataclass
class Screen:
    """A browser that keeps a stream open: what it has heard, in order."""

    heard: list[dict] = field(default_factory=list)
    pings: int = 0
    over: bool = False
    status: int = 0

    @classmethod
    @asynccontextmanager
    async def at(
        cls, origin: str, who: Person, *, after: str | None = None, path: str = INBOX
    ) -> AsyncGenerator["Screen"]:
        screen = cls()
        watching = asyncio.create_task(screen.watch(f"{origin}{path}", who, after))
        try:
            yield screen
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def watch(self, address: str, who: Person, after: str | None) -> None:
        headers = {"authorization": f"Bearer {who.token}"}
        if after:
            headers["last-event-id"] = after
        client = httpx.AsyncClient(timeout=30)
        async with client, client.stream("GET", address, headers=headers) as answer:
            self.status = answer.status_code
            assert answer.headers["content-type"].startswith("text/event-stream")
            event: dict = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if not line and "data" in event:
                    self.heard.append(event | {"data": orjson.loads(event["data"])})
                self.pings += line == ": ping"
                event = event | {name: value} if line else {}
        self.over = True

    @property
    def notices(self) -> list[str]:
        return [one["id"] for one in self.heard if one["event"] == "notice"]

    @property
    def unread(self) -> list[int]:
        return [one["data"]["count"] for one in self.heard if one["event"] == "unread"]

    @property
    def changed(self) -> list[str | None]:
        """Ids of what changed, as they were told."""
        return [one["data"]["id"] for one in self.heard if one["event"] == "changed"]

    async def hears_of(self, *ids: str | None) -> None:
        async def heard() -> bool:
            return set(ids) <= set(self.changed)

        await eventually(heard)

    async def opens(self) -> None:
        async def opened() -> bool:
            return self.status == 200

        await eventually(opened)

    async def hears(self, *, notices: int | None = None, unread: int | None = None) -> None:
        async def enough() -> bool:
            return (notices is None or len(self.notices) >= notices) and (
                unread is None or self.unread[-1:] == [unread]
            )

        await eventually(enough)

    async def ends(self) -> None:
        async def over() -> bool:
            return self.over

        await eventually(over)


@dataclass
class Replica:
    origin: str
    app: FastAPI
    server: Server
    serving: asyncio.Task[None]

    async def stop(self) -> float:
        """Stop it; how many seconds that took."""
        began = time.monotonic()
        self.server.should_exit = True
        await self.serving
        return time.monotonic() - began


@asynccontextmanager
async def replica(platform: Platform, service: str = "notify") -> AsyncGenerator[Replica]:
    """One more process part of a service, on a port of its own."""
    await platform.app(service)
    settings = services.settings(
        service,
        database_url=platform.databases.address(service),
        nats_url=platform.servers.nats_url,
        ack_wait_seconds=TEST_LIMITS.ack_wait_seconds,
    )
    app = services.create_app(service)(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=10)
    server = QuietServer(config, stop=app.state.service.stopping.set)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    one = Replica(f"http://127.0.0.1:{listener.getsockname()[1]}", app, server, serving)

    async def started() -> bool:
        return server.started

    try:
        await eventually(started)
        yield one
    finally:
        await one.stop()
        listener.close()
