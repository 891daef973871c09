"""Starts the console: `python -m services.console`."""

import uvicorn

from services.console.app import create_app
from services.console.settings import Settings
from shared import telemetry
from shared.process import run


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; pages under way are finished first, screens are let go."""
    settings = Settings()
    telemetry.configure_logging(settings.log_level)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )
    run(config, stop=app.state.screens.stopping.set)


if __name__ == "__main__":
    main()
