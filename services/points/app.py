"""Wires the points service; nothing else does."""

from pathlib import Path

from fastapi import FastAPI

from services.points import handlers, routes
from services.points.settings import Settings
from shared import service

__all__ = ["DEFINITION", "create_app"]

DEFINITION = service.Definition(
    name="points",
    summary="Owns the ledger: accounts, rules, awards.",
    folder=Path(__file__).parent,
    routers=(routes.router,),
    consumers=handlers.consumes,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's app; settings come from the environment unless they are given."""
    return service.create_app(DEFINITION, settings or Settings())
