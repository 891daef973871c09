"""One service as a process of its own: `python -m services.<name>`."""

from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from shared import telemetry
from shared.settings import ServiceSettings

__all__ = ["serve"]


def serve[S: ServiceSettings](create_app: Callable[[S], FastAPI], settings: S) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished first."""
    telemetry.configure_logging(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        timeout_graceful_shutdown=10,
    )
