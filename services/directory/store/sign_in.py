"""What signing in needs: passwords, attempts, refresh tokens, a token's claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.directory.domain.sign_in import TOLD_MEMBERSHIPS, Standing
from shared.database import Transaction
from shared.patience import Attempts

__all__ = [
    "Credentials",
    "RefreshToken",
    "attempts",
    "credentials",
    "forget_expired",
    "keep_refresh_token",
    "revoke_family",
    "revoke_sessions",
    "set_password",
    "standings",
    "use_refresh_token",
]

_ACCOUNT: Final = """
    SELECT id AS person_id, password_hash, login_name, platform_roles FROM person
    WHERE NOT removed AND (login_name = :login_name OR id = :person_id)
"""
_CREDENTIALS = text(_ACCOUNT)
_HOLD_CREDENTIALS = text(f"{_ACCOUNT} FOR NO KEY UPDATE")
_SET_PASSWORD = text("UPDATE person SET password_hash = :password_hash WHERE id = :person_id")
_KEEP_TOKEN = text(
    """
    INSERT INTO refresh_token (token_hash, family, person_id, expires_at, revoked)
    VALUES (:token_hash, :family, :person_id, :expires_at, false)
    """
)
_USE_TOKEN = text(
    """
    UPDATE refresh_token SET used_at = :now
    WHERE token_hash = :token_hash AND used_at IS NULL AND NOT revoked AND expires_at > :now
    RETURNING token_hash, family, person_id, expires_at
    """
)
_REVOKE_FAMILY = text(
    """
    UPDATE refresh_token SET revoked = true
    WHERE family = (SELECT family FROM refresh_token WHERE token_hash = :token_hash)
    """
)
_REVOKE_SESSIONS = text("UPDATE refresh_token SET revoked = true WHERE person_id = :person_id")
_STANDINGS = text(
    """
    SELECT membership.community, community.title, membership.roles,
           membership.organisation_ids, membership.place_id
    FROM membership JOIN community ON community.community = membership.community
    WHERE membership.person_id = :person_id AND NOT membership.removed AND NOT community.removed
    ORDER BY membership.community LIMIT :limit
    """
)
_FORGET_EXPIRED = (
    text("DELETE FROM refresh_token WHERE expires_at < :now"),
    text("DELETE FROM invitation WHERE expires_at < :now"),
)

attempts: Final = Attempts("failed_sign_in")
"""By name and by address."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who has a login name, and the hash of their password if there is one."""

    person_id: UUID
    password_hash: str | None
    login_name: str | None
    platform_roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is stored."""

    token_hash: bytes
    family: UUID
    person_id: UUID
    expires_at: datetime


async def credentials(
    tx: Transaction,
    *,
    login_name: str | None = None,
    person_id: UUID | None = None,
    hold: bool = False,
) -> Credentials | None:
    """The account with that login name or id, on the whole platform.

    `hold`: its password stays as it is until the transaction ends.
    """
    statement = _HOLD_CREDENTIALS if hold else _CREDENTIALS
    found = await tx.execute(statement, {"login_name": login_name, "person_id": person_id})
    row = found.one_or_none()
    return Credentials(**row) if row else None


async def set_password(tx: Transaction, person_id: UUID, password_hash: str | None) -> None:
    """Replace a password (None: there is none any more).

    It is nothing that others are told, so the version stays.
    """
    await tx.execute(_SET_PASSWORD, {"person_id": person_id, "password_hash": password_hash})


async def keep_refresh_token(tx: Transaction, token: RefreshToken) -> None:
    """Store a new token of a family."""
    await tx.execute(
        _KEEP_TOKEN,
        {
            "token_hash": token.token_hash,
            "family": token.family,
            "person_id": token.person_id,
            "expires_at": token.expires_at,
        },
    )


async def use_refresh_token(
    tx: Transaction, token_hash: bytes, *, now: datetime
) -> RefreshToken | None:
    """Use a token up; None: it is not good (any more). Of several at once one succeeds."""
    found = await tx.execute(_USE_TOKEN, {"token_hash": token_hash, "now": now})
    row = found.one_or_none()
    return RefreshToken(**row) if row else None


async def revoke_family(tx: Transaction, token_hash: bytes) -> None:
    """End the sign-in that a token comes from; an unknown token changes nothing."""
    await tx.execute(_REVOKE_FAMILY, {"token_hash": token_hash})


async def revoke_sessions(tx: Transaction, person_id: UUID) -> None:
    """End every sign-in of a person."""
    await tx.execute(_REVOKE_SESSIONS, {"person_id": person_id})


async def standings(tx: Transaction, person_id: UUID) -> list[Standing]:
    """What a person is in their communities; the transaction must see those."""
    values = {"person_id": person_id, "limit": TOLD_MEMBERSHIPS}
    found = await tx.execute(_STANDINGS, values)
    return [
        Standing(
            community=row["community"],
            title=row["title"],
            roles=tuple(row["roles"]),
            organisation_ids=tuple(row["organisation_ids"]),
            place_id=row["place_id"],
        )
        for row in found
    ]


async def forget_expired(tx: Transaction, *, now: datetime) -> None:
    """Drop tokens and codes that are too old, and attempts that count no more."""
    for statement in _FORGET_EXPIRED:
        await tx.execute(statement, {"now": now})
    await attempts.forget_old(tx, now=now)
