"""Identifiers: UUIDv7, ordered by the time they were made."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import uuid_utils.compat as uuid_utils

__all__ = ["first_id_at", "id_of_change", "new_id"]

_RANDOM_BITS: Final = (0xFFF << 64) | ((1 << 62) - 1)
"""What is neither time nor version nor variant (RFC 9562 §5.7)."""


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562 §5.7)."""
    return uuid_utils.uuid7()


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of `moment`'s millisecond: a bound for partitions and searches."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def id_of_change(moment: datetime, entity_id: UUID, version: int) -> UUID:
    """A UUIDv7 of the moment a version came about: the same one however often it is asked for."""
    rest = uuid5(entity_id, str(version)).int & _RANDOM_BITS
    return UUID(int=first_id_at(moment).int | rest)
