"""Wires the volunteers service; nothing else does."""

from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI

from services.volunteers import handlers, routes, store
from services.volunteers.settings import Settings
from shared import service
from shared.live import Live

__all__ = ["DEFINITION", "create_app"]

DEFINITION = service.Definition(
    name="volunteers",
    summary="Owns volunteers, teams and the tasks they take.",
    folder=Path(__file__).parent,
    routers=(routes.router,),
    consumers=handlers.consumes,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's app; settings come from the environment unless they are given."""
    live = Live(store.concerned, store.changed)
    definition = replace(DEFINITION, tasks=(*DEFINITION.tasks, live.run))
    app = service.create_app(definition, settings or Settings())
    app.state.live = live
    return app
