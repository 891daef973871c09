"""Wires the console; nothing else does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider

from services.console import clients, pages
from services.console.settings import Settings
from shared import telemetry
from shared.limits import BodyLimit

__all__ = ["create_app"]


def create_app(
    settings: Settings | None = None, *, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """The console's app; settings come from the environment unless they are given.

    `transport` replaces the network between the console and the services.
    """
    settings = settings or Settings()
    tracing = _tracing(settings)
    screens = pages.Screens(clients.Streams(settings.origin, transport))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with clients.connected(settings.origin, transport) as connection:
            app.state.services = services = clients.Services(connection)
            app.state.renewals = pages.Renewals(services)
            app.state.titles = pages.Titles(services)
            yield
        await screens.streams.close()
        await asyncio.to_thread(tracing.shutdown)

    app = FastAPI(
        title="Jinlin 近邻 · console",
        openapi_url=None,
        lifespan=lifespan,
        telemetry=telemetry.of_calls(tracing, recorded=bool(settings.otlp_endpoint)),
    )
    app.state.screens = screens
    app.include_router(pages.router)
    pages.add_error_pages(app)
    app.add_middleware(
        BodyLimit,
        limit_of=pages.limit_of,
        answer=pages.form_refused,
        most_together_bytes=pages.MOST_FORMS_BYTES,
    )
    app.add_middleware(pages.SafeHeaders)
    if not settings.otlp_endpoint:
        app.add_middleware(telemetry.MarkedCalls)
    return app


def _tracing(settings: Settings) -> TracerProvider:
    endpoint, ratio = settings.otlp_endpoint, settings.trace_ratio
    return telemetry.tracer_provider("console", otlp_endpoint=endpoint, ratio=ratio)
