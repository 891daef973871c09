"""Secrets: made at random, kept as hashes, shown once."""

import asyncio
import functools
import hashlib
import secrets
from typing import Final

from pwdlib import PasswordHash

from shared import codes
from shared.codes import code_hash
from shared.patience import mark

__all__ = [
    "code_hash",
    "hash_password",
    "mark",
    "new_code",
    "new_token",
    "prepare_decoy",
    "token_hash",
    "verify_password",
]

TOKEN_BYTES: Final = 32
CODE_LETTERS: Final = 16
"""Four groups of four: somebody types them from paper. 80 bits are beyond guessing, at the door and
in the two weeks in which a stolen hash is of use."""

_passwords: Final = PasswordHash.recommended()  # argon2id


@functools.cache
def _decoy() -> str:
    """A hash that no password fits, as costly to check as any."""
    return _passwords.hash(secrets.token_hex(TOKEN_BYTES))


async def prepare_decoy() -> None:
    """Make the decoy before anybody can measure how long that takes."""
    await asyncio.to_thread(_decoy)


async def hash_password(password: str) -> str:
    """The argon2id hash to keep; 0.1 s of CPU, in a thread. Never within callers' transactions."""
    return await asyncio.to_thread(_passwords.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits; it takes as long when there is none to fit."""

    def verify() -> bool:
        fits = _passwords.verify(password, password_hash or _decoy())
        return fits and password_hash is not None

    return await asyncio.to_thread(verify)


def new_token() -> str:
    """A refresh token: 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What is kept of a refresh token."""
    return hashlib.sha256(token.encode()).digest()


def new_code() -> str:
    """An invitation's code: 80 random bits."""
    return codes.new_code(CODE_LETTERS)
