"""What the notify service reads from its environment (`JINLIN_…`)."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Nothing beyond what every service reads."""

    model_config = SettingsConfigDict(env_prefix="JINLIN_", extra="ignore", frozen=True)
