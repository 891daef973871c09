"""What the console reads from its environment (`JINLIN_…`)."""

from typing import Literal

from pydantic import Field

from shared.settings import Environment

__all__ = ["Settings"]


class Settings(Environment):
    """Less than a service reads: the console has no database, and no bus."""

    host: str = Field(default="127.0.0.1", description="The address to serve on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to serve on.")
    origin: str = Field(
        default="http://127.0.0.1:8000",
        pattern=r"^https?://[^/]+/?$",
        description="Where `/api/<service>/…` of every service is found.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least that is logged: DEBUG, INFO, WARNING or ERROR."
    )
    otlp_endpoint: str | None = Field(
        default=None, description="Where traces go (OTLP over HTTP); none: nowhere."
    )
    trace_ratio: float = Field(default=1.0, ge=0, le=1, description="Share of traces recorded.")
