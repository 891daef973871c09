"""What the directory reads from its environment (`JINLIN_…`)."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """The operator's account; without both values there is none, and no other default account."""

    operator_name: str | None = Field(
        default=None, description="The login name of the platform's operator."
    )
    operator_password: SecretStr | None = Field(
        default=None,
        min_length=10,
        description="Their password, of 10 characters or more; a new value replaces the old.",
    )
