"""Starts the console: `python -m services.console`."""

import uvicorn

from services.console.app import create_app
from services.console.settings import Settings
from shared import telemetry


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; pages under way are finished first."""
    settings = Settings()
    telemetry.configure_logging(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
