"""Identifiers: UUIDv7, ordered by the time they were made."""

from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils

__all__ = ["first_id_at", "new_id"]


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562 §5.7)."""
    return uuid_utils.uuid7()


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of `moment`'s millisecond: a bound for partitions and searches."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))
