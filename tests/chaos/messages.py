"""Messages that no owner would send: copies, events in the wrong order, poison."""

from collections.abc import Sequence
from random import Random
from typing import Final
from uuid import uuid4

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy import text

from shared import ids
from shared.database import ALL_COMMUNITIES, Database
from shared.events import RequestClosed
from shared.relay import Unsent, publish_one
from tests.chaos.bus import own_headers
from tests.chaos.cluster import Cluster
from tests.chaos.people import COMMUNITY

__all__ = [
    "POISON",
    "POISONED",
    "publish_again",
    "publish_as_new",
    "publish_poison",
    "publish_reversed",
    "unsent",
]

COPIES: Final = 20
SUBJECT: Final = f"evt.{COMMUNITY}.requests.closed.v1"
POISONED: Final = frozenset({"points-requests-closed", "volunteers-requests", "notify-requests"})
"""The consumers of closed requests: each of them must bury what is on that subject."""

POISON: Final = "poison-"
"""Begins the ids of what nobody can work in."""

_UNSENT: Final = text(
    """
    SELECT event_id, type, subject, entity_id, version, body, occurred_at, traceparent
    FROM outbox WHERE sent_at IS NULL ORDER BY position
    """
)


async def publish_again(nats: Client, stream: str, seed: int) -> int:
    """Publish one message of a stream twenty times more, each under a key of its own.

    How many the stream took as new. Raises NotFoundError while there is none.
    """
    jetstream = nats.jetstream()
    state = (await jetstream.stream_info(stream)).state
    if not state.messages:
        raise NotFoundError
    number = Random(seed).randint(state.first_seq, state.last_seq)
    message = await jetstream.get_msg(stream, number)
    taken = 0
    for _ in range(COPIES):
        headers = own_headers(message.headers) | {"Nats-Msg-Id": str(uuid4())}
        answer = await jetstream.publish(
            message.subject or "", message.data or b"", headers=headers, timeout=5
        )
        taken += not answer.duplicate
    return taken


async def publish_as_new(nats: Client, seed: int) -> None:
    """Tell of a close once more under another event id, as an owner would who lost its outbox."""
    state = (await nats.jetstream().stream_info("REQUESTS")).state
    headers, closed = await _closing(nats, Random(seed).randint(state.first_seq, state.last_seq))
    anew = closed.model_copy(update={"event_id": ids.new_id()})
    names = dict.fromkeys(("ce-id", "Nats-Msg-Id"), str(anew.event_id))
    await publish_one(nats, SUBJECT, anew.model_dump_json().encode(), headers | names)


async def unsent(cluster: Cluster, service: str) -> list[Unsent]:
    """What waits in a service's outbox, oldest first."""
    address = cluster.where.databases.address(service)
    database = Database(address, connections=1)
    try:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            return [Unsent(*row) for row in (await tx.execute(_UNSENT))]
    finally:
        await database.close()


async def publish_reversed(nats: Client, rows: Sequence[Unsent]) -> None:
    """Publish rows of an outbox, newest first, as the relay would."""
    for row in reversed(rows):
        await publish_one(nats, row.subject, row.body.encode(), row.headers())


async def publish_poison(nats: Client, kind: str, poison_id: str) -> frozenset[str]:
    """Publish what nobody can work in; the consumers that must bury it."""
    _, closed = await _closing(nats, 1)
    kinds = {
        "malformed": (RequestClosed.type(), b'{"community": '),
        "unknown type": ("cn.jinlin.requests.closed.v99", closed.model_dump_json().encode()),
        "wrong community": (
            RequestClosed.type(),
            closed.model_copy(update={"community": "elsewhere"}).model_dump_json().encode(),
        ),
        "large": (RequestClosed.type(), b"x" * 60_000),
    }
    of_type, body = kinds[kind]
    headers = {"ce-type": of_type, "ce-id": poison_id, "Nats-Msg-Id": poison_id}
    await publish_one(nats, SUBJECT, body, headers)
    return POISONED


async def _closing(nats: Client, number: int) -> tuple[dict[str, str], RequestClosed]:
    """A close from the stream, with its headers: the first from `number` on, or the first of all.

    Raises NotFoundError while nothing has been closed.
    """
    try:
        message = await nats.jetstream().get_msg("REQUESTS", number, subject=SUBJECT, next=True)
    except NotFoundError:
        if number == 1:
            raise
        return await _closing(nats, 1)
    headers = own_headers(message.headers)
    if headers["ce-id"].startswith(POISON):
        return await _closing(nats, (message.seq or 0) + 1)
    return headers, RequestClosed.model_validate_json(message.data or b"")
