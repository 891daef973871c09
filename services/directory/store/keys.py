"""The keys that tokens are signed with: private ones here, public ones as every service has."""

from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from services.directory.domain import PublicKey
from shared.database import Transaction

__all__ = ["issuer_key", "keep_key", "lock_keys", "public_keys"]

_LOCK_NUMBER: Final = 0x6B657973  # "keys"

_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
_ISSUER_KEY = text("SELECT private_key FROM issuer_key ORDER BY made_at DESC, key_id LIMIT 1")
_KEEP = text(
    """
    WITH private AS (
        INSERT INTO issuer_key (key_id, private_key, made_at)
        VALUES (:key_id, CAST(:private_key AS jsonb), :now)
    )
    INSERT INTO signing_key (key_id, version, public_key, removed)
    VALUES (:key_id, 1, CAST(:public_key AS jsonb), false)
    """
)
_PUBLIC = text(
    "SELECT key_id, version, public_key, removed FROM signing_key WHERE NOT removed ORDER BY key_id"
)


async def lock_keys(tx: Transaction) -> None:
    """Let one replica at a time look for what is missing at the first start."""
    await tx.execute(_LOCK, {"number": _LOCK_NUMBER})


async def issuer_key(tx: Transaction) -> dict[str, Any] | None:
    """The private key in use (a JWK); None before the first start has made it."""
    return (await tx.execute(_ISSUER_KEY)).scalar_one_or_none()


async def keep_key(
    tx: Transaction, key: PublicKey, private_key: dict[str, Any], *, now: datetime
) -> None:
    """Store both parts of a new key."""
    await tx.execute(
        _KEEP,
        {
            "key_id": key.key_id,
            "private_key": orjson.dumps(private_key).decode(),
            "public_key": orjson.dumps(key.public_key).decode(),
            "now": now,
        },
    )


async def public_keys(tx: Transaction) -> list[PublicKey]:
    """The keys that tokens are checked with."""
    return [PublicKey(**row) for row in await tx.execute(_PUBLIC)]
