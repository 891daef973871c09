"""Signing in, as callers send and see it."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from services.directory import actions
from shared.fields import Line, Payload

__all__ = [
    "Code",
    "Credentials",
    "NewPassword",
    "RefreshToken",
    "TokensView",
    "as_login_name",
]


def as_login_name(name: object) -> object:
    """A login name as it is kept, whatever was typed."""
    return name.strip().lower() if isinstance(name, str) else name


class Credentials(Payload):
    """A login name and its password."""

    login_name: Annotated[Line, BeforeValidator(as_login_name)]
    password: SecretStr = Field(min_length=1, max_length=200)


class Code(Payload):
    """The code on an invitation, with or without hyphens."""

    code: Line


class RefreshToken(Payload):
    """A refresh token."""

    refresh_token: SecretStr = Field(min_length=1, max_length=200)


class NewPassword(Payload):
    """A new password, and the old one where there is one."""

    old: SecretStr | None = Field(default=None, max_length=200)
    new: SecretStr = Field(min_length=10, max_length=200)


class TokensView(BaseModel):
    """What a sign-in gives."""

    person_id: UUID
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750's word
    expires_in: int = Field(description="Seconds.")
    refresh_token: str = Field(description="Good for one use, within 30 days.")

    @classmethod
    def of(cls, tokens: actions.Tokens) -> "TokensView":
        """The view of tokens."""
        return cls.model_validate(tokens, from_attributes=True)
