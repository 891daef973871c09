"""One origin: every service and the console behind one port of one process."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["OneOrigin"]


class OneOrigin:
    """Passes each path to the service that owns it, and answers for the health of all.

    The services keep their own paths, state and life spans; they share nothing but the port.
    """

    def __init__(self, services: Mapping[str, FastAPI], front: ASGIApp | None = None) -> None:
        """Take the services by name, and what answers every other path (the console)."""
        self._services = dict(services)
        self._front = front

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run every service; they start side by side and stop together."""
        async with AsyncExitStack() as stack:
            apps = [*self._services.values()]
            if isinstance(self._front, FastAPI):
                apps.append(self._front)
            for app in apps:
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            return
        app = await self._app_for(scope["path"])
        await app(scope, receive, send)

    async def _app_for(self, path: str) -> ASGIApp:
        parts = path.split("/", 3)
        if len(parts) > 2 and parts[1] == "api":  # noqa: PLR2004 - '', 'api', service
            return self._services.get(parts[2], _nothing_here)
        match path:
            case "/livez":
                return JSONResponse({"status": "alive"})
            case "/readyz":
                return await self._readyz()
            case "/metrics":
                return PlainTextResponse(await self._metrics(), media_type="text/plain")
            case _:
                return self._front or _nothing_here

    def stop(self) -> None:
        """Let every service end its endless answers."""
        for app in self._services.values():
            app.state.service.stopping.set()
        if isinstance(self._front, FastAPI):
            self._front.state.screens.stopping.set()

    async def readiness(self) -> dict[str, bool]:
        """Which services are ready."""
        answers = await asyncio.gather(*(_asked(app, "/readyz") for app in self._services.values()))
        return {
            name: status == HTTPStatus.OK
            for name, (status, _) in zip(self._services, answers, strict=True)
        }

    async def _readyz(self) -> Response:
        """Ready when every service is."""
        services = await self.readiness()
        ready = all(services.values())
        return JSONResponse({"ready": ready, "services": services}, 200 if ready else 503)

    async def _metrics(self) -> str:
        pages = await asyncio.gather(*(_asked(app, "/metrics") for app in self._services.values()))
        return "".join(body.decode() for _, body in pages)


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    body = {"type": "urn:jinlin:problem:not-found", "title": "没有找到。", "status": 404}
    await JSONResponse(body, 404, media_type="application/problem+json")(scope, receive, send)


async def _asked(app: FastAPI, path: str) -> tuple[int, bytes]:
    """The status and body that a service answers to a GET inside this process."""
    status = 500
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        body.extend(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
        "state": {},
    }
    await app(scope, receive, send)
    return status, bytes(body)
