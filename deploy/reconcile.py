"""`jinlin reconcile`: databases and streams of different age, brought together (ADR 0012).

An older database has forgotten what it told: its own events are in its stream and not in its
outbox. It takes them back, each into the state that it told of, and notes them as sent. An older
stream has forgotten what it was told: the outbox has sent what the stream does not hold, so it is
sent again. A consumer whose database has forgotten what it worked in reads its stream again; what
the inbox has is dropped. Everything is found by comparing ids, nothing by the time of a backup.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from itertools import batched
from typing import Any, Final
from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy import text

from deploy import services
from deploy.bus import connected
from deploy.databases import Databases, transaction
from deploy.dead_letters import dead_letters
from deploy.held import Held, events, held, last_delivered, read_again
from deploy.where import PlatformSettings, Whereabouts
from shared import clock, ids, outbox, topology
from shared.database import Transaction
from shared.events import Event
from shared.topology import ConsumerSpec, stream_of

__all__ = ["reconcile"]

Told = Callable[[str], None]
Streams = Mapping[str, Sequence[Held]]

PRODUCERS: Final = ("requests", "volunteers", "points")
"""Whose streams are a history, each event once. The directory's holds present states."""

KEPT: Final = timedelta(days=29)
"""Of the 30 days for which streams and outboxes keep events: what lies on the edge is left."""

REQUESTS_AT_ONCE: Final = 100

_SENT = text("SELECT event_id FROM outbox WHERE sent_at IS NOT NULL AND event_id >= :first")
_SEND_AGAIN = text("UPDATE outbox SET sent_at = NULL WHERE event_id = ANY(:event_ids)")
_NOT_TOLD = text(
    """
    SELECT event_id FROM unnest(CAST(:event_ids AS uuid[])) AS held (event_id)
    WHERE NOT EXISTS (SELECT FROM outbox WHERE outbox.event_id = held.event_id)
    """
)
_NOT_WORKED_IN = text(
    """
    SELECT event_id FROM unnest(CAST(:event_ids AS uuid[])) AS held (event_id)
    WHERE NOT EXISTS (SELECT FROM inbox
                      WHERE inbox.event_id = held.event_id AND consumer = :consumer)
      AND NOT EXISTS (SELECT FROM retry
                      WHERE retry.event_id = held.event_id AND consumer = :consumer)
    """
)


async def reconcile(where: Whereabouts, *, told: Told) -> list[str]:
    """Bring everything together; what was changed, a sentence each (nothing: all fits).

    Safe to repeat. The services may run, but those whose database was restored must not have run
    since, `requests` above all: what they tell goes on from where they stood, so that it takes the
    place of what they have forgotten, and that is lost.
    """
    first = ids.first_id_at(clock.now() - KEPT)
    async with connected(where) as nats:
        await _require_streams(nats)
        sent = {one: await _sent(where.databases, one, first) for one in PRODUCERS}
        delivered = {
            spec.durable: await last_delivered(nats, spec.stream, spec.durable)
            for spec in services.consumer_specs()
        }
        streams: dict[str, list[Held]] = {}
        for owner in topology.OWNERS:
            told(f"reading the stream {stream_of(owner)} …")
            streams[stream_of(owner)] = await held(nats, stream_of(owner))
        changes = await _directory(nats, where.databases, streams[stream_of("directory")])
        for service in PRODUCERS:
            told(f"comparing {service} with its stream …")
            changes += await _take_back(nats, where.databases, service, streams, first)
            changes += await _send_again(where.databases, service, sent[service], streams)
        told("comparing the consumers with their streams …")
        return changes + await _read_again(nats, where.databases, delivered, streams, first)


async def _require_streams(nats: Client) -> None:
    """A bus that is new gets its streams; one that has them keeps them as they are."""
    try:
        for owner in topology.OWNERS:
            await nats.jetstream().stream_info(stream_of(owner))
        for spec in services.consumer_specs():
            await nats.jetstream().consumer_info(spec.stream, spec.durable)
    except NotFoundError:
        await topology.provision(nats, services.consumer_specs(), PlatformSettings().limits)


async def _directory(nats: Client, databases: Databases, stream: Sequence[Held]) -> list[str]:
    """Present states: whichever side has the newer version wins."""
    from services.directory.actions import adopt

    states = await events(nats, stream)
    async with transaction(databases, "directory") as tx:
        back, again = await adopt(tx, states)  # pyright: ignore[reportArgumentType]
    return _said("directory", back, "entities came back") + _said(
        "directory", again, "entities will be told again"
    )


async def _take_back(
    nats: Client, databases: Databases, service: str, streams: Streams, first: UUID
) -> list[str]:
    """Rebuild what a producer told and has forgotten, some requests a transaction."""
    own = [one for one in streams[stream_of(service)] if one.event_id >= first]
    async with transaction(databases, service) as tx:
        forgotten = await _missing(tx, _NOT_TOLD, own)
    told = await events(nats, forgotten)
    adopt = import_module(f"services.{service}.actions").adopt
    others = _Others(service, streams)
    lost = 0
    for some in _by_request(told):
        around = await events(nats, others.around(some))
        async with transaction(databases, service) as tx:
            lost += await adopt(tx, some, around)
            await outbox.take_back(tx, some)
    return _said(service, len(told) - lost, "events came back") + _said(
        service, lost, "events are of what is lost: it began before the streams reach back"
    )


def _by_request(told: Iterable[Event]) -> Iterable[list[Event]]:
    """All events of a request together, some requests at once."""
    requests: dict[Any, list[Event]] = {}
    for one in told:
        requests.setdefault(getattr(one, "request_id", one.entity_id), []).append(one)
    for some in batched(requests.values(), REQUESTS_AT_ONCE, strict=False):
        yield [event for theirs in some for event in theirs]


class _Others:
    """What the other producers told, to be found by its id and by what it is about."""

    def __init__(self, service: str, streams: Streams) -> None:
        self._by_id: dict[UUID | None, Held] = {}
        self._by_entity: dict[str, list[Held]] = {}
        for owner in PRODUCERS:
            for one in streams[stream_of(owner)] if owner != service else ():
                self._by_id[one.event_id] = one
                self._by_entity.setdefault(one.entity_id, []).append(one)

    def around(self, told: Sequence[Event]) -> set[Held]:
        """What belongs to events: their causes, and the steps of their requests."""
        requests = {str(getattr(one, "request_id", "")) for one in told}
        causes = {self._by_id[one.caused_by] for one in told if one.caused_by in self._by_id}
        return causes.union(*(self._by_entity.get(one, ()) for one in requests))


async def _sent(databases: Databases, service: str, first: UUID) -> set[UUID]:
    async with transaction(databases, service) as tx:
        return set((await tx.execute(_SENT, {"first": first})).scalars())


async def _send_again(
    databases: Databases, service: str, sent: set[UUID], streams: Streams
) -> list[str]:
    """What the stream has lost is unsent again, so that the relay sends it."""
    lost = sorted(sent - {one.event_id for one in streams[stream_of(service)]})
    if lost:
        async with transaction(databases, service) as tx:
            await tx.execute(_SEND_AGAIN, {"event_ids": lost})
    return _said(service, len(lost), "events will be sent again")


async def _read_again(
    nats: Client,
    databases: Databases,
    delivered: Mapping[str, int],
    streams: Streams,
    first: UUID,
) -> list[str]:
    """Consumers that were given what their database does not know read from the start."""
    buried = {(one.consumer, one.event_id) for one in await dead_letters(nats, databases)}
    changes: list[str] = []
    for service in services.SERVICES:
        async with transaction(databases, service) as tx:
            for spec in services.definition(service).consumers.specs:
                given = [
                    one
                    for one in streams[spec.stream]
                    if one.sequence <= delivered[spec.durable]
                    and one.event_id >= first
                    and _takes(spec, one)
                    and (spec.durable, one.event_id) not in buried
                ]
                missing = await _missing(tx, _NOT_WORKED_IN, given, consumer=spec.durable)
                if missing:
                    await read_again(nats, spec.stream, spec.durable)
                changes += _said(spec.durable, len(missing), "events will be read again")
    return changes


def _takes(spec: ConsumerSpec, one: Held) -> bool:
    return any(one.type == event.type() for event in spec.events)


async def _missing(
    tx: Transaction, question: Any, found: Sequence[Held], **values: str
) -> list[Held]:
    """Those of `found` that a table does not have."""
    known = [one.event_id for one in found]
    missing = set((await tx.execute(question, {"event_ids": known} | values)).scalars())
    return [one for one in found if one.event_id in missing]


def _said(who: str, count: int, what: str) -> list[str]:
    return [f"{who}: {count} {what}"] if count else []
