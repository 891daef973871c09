"""Wires the console; nothing else does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

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
    tracing = telemetry.tracer_provider(
        "console", otlp_endpoint=settings.otlp_endpoint, ratio=settings.trace_ratio
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with clients.connected(settings.origin, transport) as connection:
            services = clients.Services(connection)
            app.state.services = services
            app.state.renewals = pages.Renewals(services)
            app.state.titles = pages.Titles(services)
            yield
        await asyncio.to_thread(tracing.shutdown)

    app = FastAPI(
        title="Jinlin 近邻 · console",
        openapi_url=None,
        lifespan=lifespan,
        telemetry={
            "tracer_provider": tracing,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
        },
    )
    app.include_router(pages.router)
    pages.add_error_pages(app)
    app.add_middleware(
        BodyLimit,
        limit_of=pages.limit_of,
        answer=pages.form_refused,
        most_together_bytes=pages.MOST_FORMS_BYTES,
    )
    app.add_middleware(pages.SafeHeaders)
    return app
