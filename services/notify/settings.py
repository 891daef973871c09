"""What the notify service reads from its environment (`JINLIN_…`)."""

from shared.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """Nothing beyond what every service reads."""
