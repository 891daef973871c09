"""What every service reads from its environment."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """The settings of one service; `services/<name>/settings.py` adds what is its own.

    Each service has its own process and environment, so all are read from `JINLIN_…`.
    """

    model_config = SettingsConfigDict(
        env_prefix="JINLIN_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field(default="127.0.0.1", description="The address to serve on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to serve on.")
    database_url: str = Field(
        default="postgresql+asyncpg://localhost/jinlin",
        description="The service's own database, as its application role.",
    )
    nats_url: str = Field(default="nats://localhost:4222", description="The bus.")
    nats_inbox_prefix: str = Field(
        default="_INBOX", description="Begins the subjects this service gets its answers on."
    )
    issuer: str = Field(default="jinlin", description="Whose tokens are believed.")
    pool_size: PositiveInt = Field(default=5, description="Database connections kept for HTTP.")
    pool_overflow: PositiveInt = Field(default=5, description="More of them under load.")
    ack_wait_seconds: PositiveFloat = Field(
        default=30, description="How long an event may be worked on before it comes again."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str | None = Field(
        default=None, description="Where traces go (OTLP over HTTP); none: nowhere."
    )
    trace_ratio: float = Field(default=1.0, ge=0, le=1, description="Share of traces recorded.")
