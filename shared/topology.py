"""Streams and consumers as they must be on the bus (`DESIGN.md` §5); `jinlin provision` makes them.

FastStream and the services declare nothing: a service may only read its own durable consumers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from nats.aio.client import Client

from shared.events import Event

__all__ = [
    "BATCH",
    "DEAD_LETTERS",
    "ConsumerSpec",
    "Limits",
    "TopologyError",
    "inbox_prefix",
    "permissions",
    "provision",
    "stream_of",
]

DEAD_LETTERS: Final = "DLQ"
NAME_IN_USE: Final = 10058
"""JetStream's error code for a stream that exists with another configuration."""

OWNERS: Final = ("directory", "requests", "volunteers", "points", "notify")
DAY_NANOSECONDS: Final = 24 * 3600 * 10**9
LARGEST_MESSAGE_BYTES: Final = 64 * 1024
BATCH: Final = 256
"""How many events a consumer takes in one transaction."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an installation may set: replicas, sizes and the times that tests shorten."""

    replicas: int = 1
    stream_bytes: int = 1024**3
    ack_wait_seconds: float = 30
    duplicate_window_seconds: float = 600


@dataclass(frozen=True, slots=True)
class ConsumerSpec:
    """A durable pull consumer: which events of one owner a handler takes."""

    durable: str
    events: tuple[type[Event], ...]

    @property
    def stream(self) -> str:
        """The stream of the events' owner."""
        return stream_of(self.events[0].owner)


def stream_of(owner: str) -> str:
    """The name of the stream that holds an owner's events."""
    return owner.upper()


def inbox_prefix(service: str) -> str:
    """Begins the subjects on which a service gets its answers and its events, and nobody else."""
    return f"_INBOX_{service}"


def permissions(service: str, consumers: Iterable[ConsumerSpec]) -> dict[str, list[str]]:
    """The subjects a service may publish and subscribe to: what its code does and nothing else.

    It tells its own events, asks and acknowledges on its own consumers, and buries what those
    cannot work in. It makes no consumer and reads no stream (`DESIGN.md` §5).
    """
    publish = [f"evt.*.{service}.>"]
    for spec in consumers:
        path = f"{spec.stream}.{spec.durable}"
        publish += [
            f"$JS.API.CONSUMER.INFO.{path}",
            f"$JS.API.CONSUMER.MSG.NEXT.{path}",
            f"$JS.ACK.{path}.>",
            f"dlq.{spec.durable}",
        ]
    return {"publish": publish, "subscribe": [f"{inbox_prefix(service)}.>"]}


async def provision(nats: Client, consumers: Iterable[ConsumerSpec], limits: Limits) -> None:
    """Make or update every stream and consumer; safe to run again at any time.

    Raises TopologyError with the server's words when it refuses one.
    """
    for owner in OWNERS:
        await _put_stream(nats, _stream(owner, limits))
    await _put_stream(nats, _dead_letters(limits))
    for consumer in consumers:
        await _put_consumer(nats, consumer, limits)


class TopologyError(Exception):
    """The bus refused a stream or a consumer."""


def _stream(owner: str, limits: Limits) -> dict[str, Any]:
    """An owner's stream: events for 30 days, or the last state of each entity for ever."""
    state = owner == "directory"
    return {
        "name": stream_of(owner),
        "subjects": [f"evt.*.{owner}.>"],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "allow_atomic": True,
        "max_age": 0 if state else 30 * DAY_NANOSECONDS,
        "max_bytes": limits.stream_bytes,
        "max_msgs_per_subject": 1 if state else -1,
        "max_msg_size": LARGEST_MESSAGE_BYTES,
        "duplicate_window": int(limits.duplicate_window_seconds * 10**9),
        "deny_delete": True,
        "deny_purge": True,
        "num_replicas": limits.replicas,
    }


def _dead_letters(limits: Limits) -> dict[str, Any]:
    """What could not be worked in, for 90 days."""
    return _stream("dlq", limits) | {
        "name": DEAD_LETTERS,
        "subjects": ["dlq.>"],
        "max_age": 90 * DAY_NANOSECONDS,
        "max_msg_size": 2 * LARGEST_MESSAGE_BYTES,
    }


def _consumer(spec: ConsumerSpec, limits: Limits) -> dict[str, Any]:
    return {
        "durable_name": spec.durable,
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "ack_wait": int(limits.ack_wait_seconds * 10**9),
        "max_deliver": -1,
        "max_ack_pending": 4 * BATCH,
        "filter_subjects": sorted({event.subjects() for event in spec.events}),
        "num_replicas": limits.replicas,
    }


async def _put_stream(nats: Client, config: dict[str, Any]) -> None:
    name = config["name"]
    answer = await _ask(nats, f"STREAM.CREATE.{name}", config)
    if answer.get("error", {}).get("err_code") == NAME_IN_USE:
        answer = await _ask(nats, f"STREAM.UPDATE.{name}", config)
    _raise_refusal(name, answer)


async def _put_consumer(nats: Client, spec: ConsumerSpec, limits: Limits) -> None:
    request = {"stream_name": spec.stream, "config": _consumer(spec, limits), "action": ""}
    answer = await _ask(nats, f"CONSUMER.DURABLE.CREATE.{spec.stream}.{spec.durable}", request)
    _raise_refusal(spec.durable, answer)


async def _ask(nats: Client, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = await nats.request(f"$JS.API.{subject}", orjson.dumps(request), timeout=10)
    return orjson.loads(answer.data)


def _raise_refusal(name: str, answer: dict[str, Any]) -> None:
    if error := answer.get("error"):
        message = f"{name}: {error.get('description', error)}"
        raise TopologyError(message)
