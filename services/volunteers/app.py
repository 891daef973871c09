"""Wires the volunteers service; nothing else does."""

from pathlib import Path

from fastapi import FastAPI

from services.volunteers import handlers, routes
from services.volunteers.settings import Settings
from shared import service

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
    return service.create_app(DEFINITION, settings or Settings())
