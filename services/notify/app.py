"""Wires the notify service; nothing else does."""

from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI

from services.notify import handlers, routes
from services.notify.settings import Settings
from services.notify.store import Live
from shared import service

__all__ = ["DEFINITION", "create_app"]

DEFINITION = service.Definition(
    name="notify",
    summary="Owns notices: who is told, in which words, by which channel.",
    folder=Path(__file__).parent,
    routers=(routes.router,),
    consumers=handlers.consumes,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's app, with open streams of its own; settings come from the environment."""
    live = Live()
    app = service.create_app(replace(DEFINITION, tasks=(live.run,)), settings or Settings())
    app.state.live = live
    return app
