"""One service as a process of its own: `python -m services.<name>`."""

import socket
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from shared import telemetry
from shared.settings import ServiceSettings

__all__ = ["Server", "run", "serve"]


class Server(uvicorn.Server):
    """A server that calls `stop` before it waits for open answers: endless ones end at once."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        """Serve as `config` says."""
        super().__init__(config)
        self._stop = stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the app know, then stop as uvicorn does."""
        self._stop()
        await super().shutdown(sockets)


def serve[S: ServiceSettings](create_app: Callable[[S], FastAPI], settings: S) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished first."""
    telemetry.configure_logging(settings.log_level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        timeout_graceful_shutdown=10,
    )
    run(config, stop=app.state.service.stopping.set)


def run(config: uvicorn.Config, stop: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; `stop` ends endless answers, the others are finished."""
    server = Server(config, stop)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(3)  # what uvicorn's own command says of a failed start
