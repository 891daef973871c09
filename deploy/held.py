"""What the streams hold: every event by its id, and its words when they are wanted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from shared.events import Event

__all__ = ["Held", "events", "held", "last_delivered", "read_again"]

BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """One event in a stream."""

    stream: str
    sequence: int
    event_id: UUID
    type: str
    entity_id: str


async def held(nats: Client, stream: str) -> list[Held]:
    """Everything a stream holds, in its order; what is no event of ours is left out.

    An event that was sent again later than the bus looks for repetitions is there twice: it counts
    where it stood first.
    """
    jetstream = nats.jetstream()
    found: dict[UUID, Held] = {}
    if not (await jetstream.stream_info(stream)).state.messages:
        return []
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE, headers_only=True, mem_storage=True, inactive_threshold=60
    )
    subscription = await jetstream.pull_subscribe("evt.>", stream=stream, config=config)
    left = 1
    while left:
        for message in await subscription.fetch(BATCH, timeout=10):
            left = message.metadata.num_pending
            headers = message.headers or {}
            try:
                event_id = UUID(headers.get("ce-id", ""))
            except ValueError:
                continue
            sequence = message.metadata.sequence.stream
            type_, entity_id = headers.get("ce-type", ""), headers.get("ce-subject", "")
            found.setdefault(event_id, Held(stream, sequence, event_id, type_, entity_id))
    await subscription.unsubscribe()
    return list(found.values())


async def events(nats: Client, wanted: Iterable[Held]) -> list[Event]:
    """The events themselves; left out is what no contract can read, and what has gone meanwhile.

    That is an event whose days are over, or a state of the directory after which a newer one came.
    """
    found: list[Event] = []
    for one in wanted:
        try:
            message = await nats.jetstream().get_msg(one.stream, one.sequence)
            found.append(Event.known[one.type].model_validate_json(message.data or b""))
        except (NotFoundError, KeyError, ValidationError):
            continue
    return found


async def last_delivered(nats: Client, stream: str, durable: str) -> int:
    """Up to which message of its stream a consumer was given everything.

    Not up to which it has acknowledged all: behind one that a killed process never did there may
    be others that it did, and that do not come again.
    """
    return (await _info(nats, stream, durable))["delivered"]["stream_seq"]


async def read_again(nats: Client, stream: str, durable: str) -> None:
    """Let a consumer read its stream from the start; who has an event already does nothing."""
    config = (await _info(nats, stream, durable))["config"]
    await nats.jetstream().delete_consumer(stream, durable)
    request = {"stream_name": stream, "config": config}
    await _ask(nats, f"CONSUMER.DURABLE.CREATE.{stream}.{durable}", request)


async def _info(nats: Client, stream: str, durable: str) -> dict[str, Any]:
    return await _ask(nats, f"CONSUMER.INFO.{stream}.{durable}", {})


async def _ask(nats: Client, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    """What the server answers. Raises LookupError with its words when it refuses."""
    answer = await nats.request(
        f"$JS.API.{subject}", orjson.dumps(request) if request else b"", timeout=10
    )
    said = orjson.loads(answer.data)
    if error := said.get("error"):
        raise LookupError(f"{subject}: {error.get('description')}")
    return said
