"""What waits in a service's database: events to be sent, events to be tried again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text

from shared.database import Transaction

__all__ = ["Backlog", "Parked", "count_backlog"]

# Both read the index of unsent rows; what was sent lies beside it, thirty days of it.
_UNSENT = text(
    """
    SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE sent_at IS NULL LIMIT 100000) waiting),
           (SELECT occurred_at FROM outbox WHERE sent_at IS NULL ORDER BY position LIMIT 1)
    """
)
# The retry table does not say since when: the ids are UUIDv7, they do.
_PARKED = text(
    """
    SELECT consumer, count(*), min(uuid_extract_timestamp(event_id)) FROM retry GROUP BY consumer
    """
)


class Parked(NamedTuple):
    """What waits in the retry table for one consumer."""

    number: int
    oldest: datetime | None
    """When the oldest of them was emitted."""


NONE: Final = Parked(0, None)


@dataclass(frozen=True)
class Backlog:
    """One look at outbox and retry table."""

    unsent: int = 0
    """Events in the outbox, counted up to 100 000."""
    oldest_unsent: datetime | None = None
    parked: Mapping[str, Parked] = field(default_factory=dict[str, Parked])

    def parked_of(self, consumer: str) -> Parked:
        """What waits for `consumer`."""
        return self.parked.get(consumer, NONE)


async def count_backlog(tx: Transaction) -> Backlog:
    """Count what waits, of every community that `tx` sees."""
    unsent, oldest = (await tx.execute(_UNSENT)).one()
    rows = await tx.execute(_PARKED)
    return Backlog(unsent, oldest, {name: Parked(number, since) for name, number, since in rows})
