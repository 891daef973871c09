"""Public keys that tokens are checked with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.events import SigningKeyChanged


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public part of a key (RFC 8037), as everybody may know it."""

    key_id: str
    public_key: dict[str, str]
    version: int = 1
    removed: bool = False


def tell_keys(keys: Iterable[PublicKey], *, now: datetime) -> list[SigningKeyChanged]:
    """What the others are told of each."""
    return [
        SigningKeyChanged(
            key_id=one.key_id,
            public_key=one.public_key,
            occurred_at=now,
            version=one.version,
            removed=one.removed,
        )
        for one in keys
    ]
