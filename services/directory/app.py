"""Wires the directory; nothing else does."""

import asyncio
from pathlib import Path
from typing import Final

import structlog
from fastapi import FastAPI

from services.directory import actions, handlers, routes
from services.directory.settings import Settings
from shared import service
from shared.database import ALL_COMMUNITIES
from shared.service import Service

__all__ = ["DEFINITION", "create_app"]

log = structlog.get_logger()

FORGET_SECONDS: Final = 3600.0


async def prepare(running: Service) -> None:
    """Make the key and the operator's account where they are missing."""
    settings = running.settings
    await actions.prepare_decoy()
    async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
        await actions.ensure_issuer_key(tx)
    if isinstance(settings, Settings) and settings.operator_name and settings.operator_password:
        async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
            is_operator = await actions.ensure_operator(
                tx,
                login_name=settings.operator_name.strip().lower(),
                password=settings.operator_password.get_secret_value(),
            )
        if not is_operator:
            log.error("directory.operator_name_taken")


async def tidy_up(running: Service) -> None:
    """Forget what has expired, every hour."""
    while True:
        async with running.workshop.transaction(ALL_COMMUNITIES) as tx:
            await actions.forget_expired(tx)
        await asyncio.sleep(FORGET_SECONDS)


DEFINITION = service.Definition(
    name="directory",
    summary="Owns places, organisations, people, roles and sign-in.",
    folder=Path(__file__).parent,
    routers=(routes.router,),
    consumers=handlers.consumes,
    render=actions.rendering,
    prepare=prepare,
    tasks=(tidy_up,),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's app; settings come from the environment unless they are given."""
    return service.create_app(DEFINITION, settings or Settings())
