"""The outbox: an event leaves only as a row of the transaction that made it true."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import ids, telemetry
from shared.events import Event

__all__ = ["CHANNEL", "emit", "working_on"]

CHANNEL: Final = "outbox"
"""PostgreSQL's NOTIFY channel that wakes the relay."""

LARGEST_EVENT_BYTES: Final = 32 * 1024

_INSERT = text(
    """
    WITH stored AS (
        INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body,
                            occurred_at, traceparent)
        SELECT * FROM unnest(
            CAST(:event_ids AS uuid[]), CAST(:communities AS text[]), CAST(:types AS text[]),
            CAST(:subjects AS text[]), CAST(:entity_ids AS text[]), CAST(:versions AS bigint[]),
            CAST(:bodies AS text[]), CAST(:times AS timestamptz[]), CAST(:traces AS text[]))
    )
    SELECT pg_notify('outbox', '')
    """
)

_causes: ContextVar[Mapping[UUID, str]] = ContextVar("causes")


@contextmanager
def working_on(traces: Mapping[UUID, str]) -> Generator[None]:
    """Events emitted inside join the trace of the event that caused them (`caused_by`)."""
    token = _causes.set(traces)
    try:
        yield
    finally:
        _causes.reset(token)


async def emit(tx: AsyncConnection, *events: Event) -> None:
    """Store `events` in the outbox of this transaction; the relay publishes them after it commits.

    Events of one entity leave in the order they were emitted. Raises ValueError for an event over
    32 kB: it would never fit the stream, so it must not become a fact.
    """
    if not events:
        return
    stamped = [event.model_copy(update={"event_id": ids.new_id()}) for event in events]
    bodies = [event.model_dump_json() for event in stamped]
    if any(len(body.encode()) > LARGEST_EVENT_BYTES for body in bodies):
        message = f"an event is larger than {LARGEST_EVENT_BYTES} bytes"
        raise ValueError(message)
    await tx.execute(
        _INSERT,
        {
            "event_ids": [event.event_id for event in stamped],
            "communities": [event.community for event in stamped],
            "types": [event.type() for event in stamped],
            "subjects": [event.subject for event in stamped],
            "entity_ids": [event.entity_id for event in stamped],
            "versions": [event.version for event in stamped],
            "bodies": bodies,
            "times": [event.occurred_at for event in stamped],
            "traces": [_trace_of(event) for event in stamped],
        },
    )


def _trace_of(event: Event) -> str | None:
    """The trace of the event's cause, or the one under way."""
    if event.caused_by is not None:
        cause = _causes.get({}).get(event.caused_by)
        if cause is not None:
            return cause
    return telemetry.current_traceparent()
