"""Wires the requests service; nothing else does."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog
from fastapi import FastAPI

from services.requests import actions, handlers, routes, store
from services.requests.settings import Settings
from shared import service
from shared.database import ALL_COMMUNITIES
from shared.live import Live
from shared.service import Service

__all__ = ["DEFINITION", "create_app", "sweep"]

log = structlog.get_logger()

TIDY_SECONDS: Final = 3600.0
SWEEP_SECONDS: Final = 60.0
CLOSED_TOGETHER: Final = 100
REST_SECONDS: Final = 1.0
"""Between full sweeps: each close is an event that three other services work in."""


async def tidy_up(running: Service) -> None:
    """Forget slips that have ended, and say when each request closes, every hour."""
    while True:
        async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
            await actions.forget_ended_slips(tx)
            await actions.announce_closing(tx)
        await asyncio.sleep(TIDY_SECONDS)


async def sweep(running: Service) -> int | None:
    """Close some of what nobody has answered in time; how many, None: nothing may close now."""
    async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
        may_close = await actions.may_close_by_silence(tx)
    if not may_close:
        return None
    async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
        return await actions.close_by_silence(tx, limit=CLOSED_TOGETHER)


async def close_by_silence(running: Service) -> None:
    """Sweep every minute; every second while there is more to close than one sweep takes."""
    rests = False
    while True:
        closed = await sweep(running)
        if closed is None and not rests:
            log.warning("silence.rests", why="the service was away; see docs/operations.md")
        rests = closed is None
        await asyncio.sleep(REST_SECONDS if closed == CLOSED_TOGETHER else SWEEP_SECONDS)


DEFINITION = service.Definition(
    name="requests",
    summary="Owns the life of a service request, from asking to rating.",
    folder=Path(__file__).parent,
    routers=(routes.router,),
    consumers=handlers.consumes,
    tasks=(tidy_up, close_by_silence),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's app; settings come from the environment unless they are given."""
    live = Live(store.concerned)
    definition = replace(DEFINITION, tasks=(*DEFINITION.tasks, live.run))
    app = service.create_app(definition, settings or Settings())
    app.state.live = live
    return app
