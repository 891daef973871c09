"""The inbox and the retry table: an event is worked in once, and a failed one waits its turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from shared.database import Transaction
from shared.events import Event

__all__ = [
    "REMEMBERED",
    "Parked",
    "forget_parked",
    "park",
    "put_back",
    "remember",
    "take_due",
]

REMEMBERED: Final = timedelta(days=37)
"""How long the inbox knows what was worked in; longer than the streams keep their events."""

DELAYS_SECONDS: Final = (1, 5, 30, 120, 300)
"""How long an event waits after its first, second … failed attempt, ±20 %."""

_REMEMBER = text(
    """
    INSERT INTO inbox (event_id, consumer, community)
    SELECT event_id, :consumer, community
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:communities AS text[]))
        AS event (event_id, community)
    ORDER BY event_id
    ON CONFLICT DO NOTHING
    RETURNING event_id
    """
)
_WAIT: Final = """
    INSERT INTO retry (consumer, event_id, community, subject, headers, body, attempts, next_at,
                       reason)
    VALUES (:consumer, :event_id, :community, :subject, CAST(:headers AS jsonb), :body, 1,
            now() + :delay, :reason)
    ON CONFLICT (consumer, event_id)
"""
_PARK = text(
    _WAIT
    + "DO UPDATE SET attempts = greatest(retry.attempts, :attempts + 1), next_at = now() + :delay,"
    " reason = :reason"
)
_PUT_BACK = text(_WAIT + "DO NOTHING")
_TAKE_DUE = text(
    """
    UPDATE retry SET next_at = now() + interval '15 seconds'
    WHERE (consumer, event_id) IN (
        SELECT consumer, event_id FROM retry WHERE next_at <= now()
        ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING consumer, event_id, subject, headers, body, attempts
    """
)
_FORGET_PARKED = text(
    """
    DELETE FROM retry
    WHERE consumer = :consumer AND event_id = ANY(CAST(:event_ids AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits for another attempt, as the bus delivered it."""

    consumer: str
    event_id: UUID
    subject: str
    headers: Mapping[str, str]
    body: bytes
    attempts: int


async def remember(tx: Transaction, consumer: str, events: Sequence[Event]) -> frozenset[UUID]:
    """Note `events` as worked in by `consumer`; the ids of those that are new to it."""
    rows = await tx.execute(
        _REMEMBER,
        {
            "consumer": consumer,
            "event_ids": [event.event_id for event in events],
            "communities": [event.community for event in events],
        },
    )
    return frozenset(rows.scalars())


async def park(tx: Transaction, parked: Parked, *, community: str, reason: str) -> None:
    """Put an event aside until its next attempt; `parked.attempts` have failed before this one."""
    seconds = DELAYS_SECONDS[min(parked.attempts, len(DELAYS_SECONDS) - 1)]
    jitter = Random().uniform(0.8, 1.2)  # noqa: S311 - spreads load, protects nothing
    delay = timedelta(seconds=seconds * jitter)
    await tx.execute(_PARK, _waiting(parked, community, delay, reason))


async def put_back(
    tx: Transaction, parked: Parked, *, community: str, delay: timedelta, reason: str
) -> bool:
    """Let a dead letter wait for one consumer again; False when it waits there already.

    It counts as failed once: after five more failures it is buried again.
    """
    return bool(await tx.change(_PUT_BACK, _waiting(parked, community, delay, reason)))


async def take_due(tx: Transaction, *, limit: int) -> list[Parked]:
    """Take parked events whose time has come; nobody else gets them for 15 s.

    Whoever is killed with them in hand keeps them waiting for no longer than that.
    """
    rows = await tx.execute(_TAKE_DUE, {"limit": limit})
    return [Parked(**row) for row in rows]


async def forget_parked(tx: Transaction, consumer: str, event_ids: Sequence[UUID]) -> None:
    """Drop parked events: they are worked in, or dead letters."""
    await tx.execute(_FORGET_PARKED, {"consumer": consumer, "event_ids": list(event_ids)})


def _waiting(parked: Parked, community: str, delay: timedelta, reason: str) -> dict[str, Any]:
    """An event as its row of the retry table."""
    return {
        "consumer": parked.consumer,
        "event_id": parked.event_id,
        "community": community,
        "subject": parked.subject,
        "headers": orjson.dumps(dict(parked.headers)).decode(),
        "body": parked.body,
        "attempts": parked.attempts,
        "delay": delay,
        "reason": reason[:500],
    }
