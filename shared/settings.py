"""What every service reads from its environment."""

import os
from typing import Literal, override

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url

__all__ = ["Environment", "ServiceSettings"]

SECRETS = "JINLIN_SECRETS"
"""Names a folder of files: each is called like a variable, `jinlin_nats_password`, and holds it."""


class Environment(BaseSettings):
    """Settings read from `JINLIN_…`, or from a file of the folder that `JINLIN_SECRETS` names.

    Each process has its own environment, so all share the prefix. What is secret goes into files:
    an environment can be read in too many places. A value that is refused is not repeated: it may
    be a password that is too short.
    """

    model_config = SettingsConfigDict(
        env_prefix="JINLIN_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @override
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given goes before the environment, the environment before any file."""
        files = SecretsSettingsSource(settings_cls, secrets_dir=os.environ.get(SECRETS) or None)
        return init_settings, env_settings, dotenv_settings, files


class ServiceSettings(Environment):
    """The settings of one service; `services/<name>/settings.py` adds what is its own."""

    host: str = Field(default="127.0.0.1", description="The address to serve on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to serve on.")
    database_url: str = Field(
        default="postgresql+asyncpg://localhost/jinlin",
        description="The service's own database, as its application role.",
    )
    database_password: SecretStr | None = Field(
        default=None, description="That role's password, where the address has none."
    )
    nats_url: str = Field(
        default="nats://localhost:4222", description="The bus; a cluster's servers with commas."
    )
    nats_password: SecretStr | None = Field(
        default=None,
        description="The password of the service's own user there; none: the address says who.",
    )
    issuer: str = Field(default="jinlin", description="Whose tokens are believed.")
    pool_size: PositiveInt = Field(default=10, description="Database connections for HTTP.")
    ack_wait_seconds: PositiveFloat = Field(
        default=30, description="How long an event may be worked on before it comes again."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least that is logged: DEBUG, INFO, WARNING or ERROR."
    )
    otlp_endpoint: str | None = Field(
        default=None, description="Where traces go (OTLP over HTTP); none: nowhere."
    )
    trace_ratio: float = Field(default=1.0, ge=0, le=1, description="Share of traces recorded.")

    @property
    def database_address(self) -> str:
        """The database's address with its password."""
        if self.database_password is None:
            return self.database_url
        url = make_url(self.database_url).set(password=self.database_password.get_secret_value())
        return url.render_as_string(hide_password=False)
