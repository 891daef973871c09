"""Wires the requests service; nothing else does."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from services.requests import actions, handlers, routes, store
from services.requests.settings import Settings
from shared import service
from shared.database import ALL_COMMUNITIES
from shared.live import Live
from shared.service import Service

__all__ = ["DEFINITION", "create_app"]

FORGET_SECONDS: Final = 3600.0
SWEEP_SECONDS: Final = 60.0
CLOSED_TOGETHER: Final = 100


async def tidy_up(running: Service) -> None:
    """Forget slips that have ended, every hour."""
    while True:
        async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
            await actions.forget_ended_slips(tx)
        await asyncio.sleep(FORGET_SECONDS)


async def close_by_silence(running: Service) -> None:
    """Close what nobody has answered in time, every minute, some at once."""
    while True:
        async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
            closed = await actions.close_by_silence(tx, limit=CLOSED_TOGETHER)
        if closed < CLOSED_TOGETHER:
            await asyncio.sleep(SWEEP_SECONDS)


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
