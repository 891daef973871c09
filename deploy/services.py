"""The services of the platform, by name: where each one's code is found."""

from __future__ import annotations  # the types below are loaded with the services, not before

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from shared.service import Definition
    from shared.settings import ServiceSettings
    from shared.topology import ConsumerSpec

__all__ = [
    "SERVICES",
    "console",
    "consumer_specs",
    "create_app",
    "definition",
    "migrations_folder",
    "settings",
]

SERVICES: Final = ("directory", "requests", "volunteers", "points", "notify")

type CreateApp = Callable[[ServiceSettings], FastAPI]


def create_app(service: str) -> CreateApp:
    """The function that makes a service's app."""
    return import_module(f"services.{service}.app").create_app


def definition(service: str) -> Definition:
    """What a service brings."""
    return import_module(f"services.{service}.app").DEFINITION


def settings(service: str, **values: Any) -> ServiceSettings:
    """A service's settings with `values`, what they leave open from the environment."""
    return import_module(f"services.{service}.settings").Settings(**values)


def console(origin: str) -> FastAPI:
    """The console's app, which finds every service below `origin`."""
    settings_class = import_module("services.console.settings").Settings
    return import_module("services.console.app").create_app(settings_class(origin=origin))


def migrations_folder(service: str) -> Path:
    """Where a service's migrations are; nothing of the service is imported."""
    return Path(__file__).parent.parent / "services" / service / "migrations"


def consumer_specs() -> list[ConsumerSpec]:
    """Every durable consumer of every service."""
    return [spec for service in SERVICES for spec in definition(service).consumers.specs]
