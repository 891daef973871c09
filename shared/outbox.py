"""The outbox: an event leaves only as a row of the transaction that made it true."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from shared import ids, telemetry
from shared.database import NO_VALUES, Rows, Transaction, Values
from shared.events import Event

__all__ = ["TELL", "emit", "take_back", "tell", "working_on"]

LARGEST_EVENT_BYTES: Final = 32 * 1024

TELL: Final = """
    told AS (
        INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body,
                            occurred_at, traceparent)
        SELECT * FROM unnest(
            CAST(:told_ids AS uuid[]), CAST(:told_communities AS text[]),
            CAST(:told_types AS text[]), CAST(:told_subjects AS text[]),
            CAST(:told_entity_ids AS text[]), CAST(:told_versions AS bigint[]),
            CAST(:told_bodies AS text[]), CAST(:told_times AS timestamptz[]),
            CAST(:told_traces AS text[]))
    )
    SELECT true AS told
"""
"""Ends a `WITH …` that makes something true, so that one statement also tells of it: a hot path
saves a round trip. `tell` runs it."""

_INSERT = text(f"WITH {TELL}")

_TAKE_BACK = text(
    """
    INSERT INTO outbox (event_id, community, type, subject, entity_id, version, body, occurred_at,
                        sent_at)
    SELECT *, now() FROM unnest(
        CAST(:told_ids AS uuid[]), CAST(:told_communities AS text[]), CAST(:told_types AS text[]),
        CAST(:told_subjects AS text[]), CAST(:told_entity_ids AS text[]),
        CAST(:told_versions AS bigint[]), CAST(:told_bodies AS text[]),
        CAST(:told_times AS timestamptz[]))
    ON CONFLICT DO NOTHING
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


async def emit(tx: Transaction, *events: Event) -> None:
    """Store `events` in the outbox of this transaction; the relay publishes them after it commits.

    Events of one entity leave in the order they were emitted. Raises ValueError for an event over
    32 kB: it would never fit the stream, so it must not become a fact.
    """
    if events:
        await tell(tx, _INSERT, events)


async def tell(
    tx: Transaction, statement: TextClause, events: Sequence[Event], values: Values = NO_VALUES
) -> Rows:
    """Run a statement that ends in `TELL`; its rows. Raises ValueError as `emit` does."""
    rows = await tx.execute(statement, {**values, **_told(events)})
    tx.has_told = True
    return rows


def _told(events: Sequence[Event]) -> dict[str, list[Any]]:
    """Events, each with a new id, as the values of `TELL`."""
    stamped = [event.model_copy(update={"event_id": ids.new_id()}) for event in events]
    values = _values(stamped)
    if any(len(body.encode()) > LARGEST_EVENT_BYTES for body in values["told_bodies"]):
        message = f"an event is larger than {LARGEST_EVENT_BYTES} bytes"
        raise ValueError(message)
    return values | {"told_traces": [_trace_of(event) for event in stamped]}


async def take_back(tx: Transaction, events: Sequence[Event]) -> None:
    """Note events that are in the stream and were lost here, as sent (a restored backup)."""
    await tx.execute(_TAKE_BACK, _values(events))


def _values(events: Sequence[Event]) -> dict[str, list[Any]]:
    return {
        "told_ids": [event.event_id for event in events],
        "told_communities": [event.community for event in events],
        "told_types": [event.type() for event in events],
        "told_subjects": [event.subject for event in events],
        "told_entity_ids": [event.entity_id for event in events],
        "told_versions": [event.version for event in events],
        "told_bodies": [event.model_dump_json() for event in events],
        "told_times": [event.occurred_at for event in events],
    }


def _trace_of(event: Event) -> str | None:
    """The trace of the event's cause, or the one under way."""
    if event.caused_by is not None:
        cause = _causes.get({}).get(event.caused_by)
        if cause is not None:
            return cause or None
    return telemetry.current_traceparent()
