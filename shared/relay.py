"""The relay: publishes what the outbox holds, in order, each event at least once.

One replica of a service leads (an advisory lock of its database): one that can reach the bus, for
as long as it can. Whatever commits in its own process wakes it; the other replicas pass theirs on
by NOTIFY, outside of every transaction that does something (ADR 0024); a poll of one second is
behind both. A batch goes out as one atomic batch of JetStream; where the server refuses that (a
crash left part of it published), one by one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
import orjson
import structlog
from nats.aio.client import Client
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from shared import ids
from shared.chaos import Point, reach
from shared.database import ALL_COMMUNITIES, is_unreachable
from shared.reasons import place_of, reason_of

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = Any

__all__ = ["Relay", "Rendering", "Unsent", "publish_one"]

log = structlog.get_logger()

CHANNEL: Final = "outbox"
LOCK: Final = 0x6A696E6C696E  # "jinlin"
BATCH: Final = 500
POLL_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.01
LONGEST_GATHER_SECONDS: Final = 0.1
"""After a batch the relay rests, for so long an event of it: what commits meanwhile goes out
together, which costs the bus and every consumer far less than one by one. After a single event it
does not; under load a tenth of a second is what everybody else gains their time from."""

PUBLISH_TIMEOUT_SECONDS: Final = 5.0
GIVE_UP_SECONDS: Final = 5.0
"""How long a leader may be without the bus before another replica gets its chance."""

_UNSENT = """
    SELECT event_id, type, subject, entity_id, version, body, occurred_at, traceparent
    FROM outbox WHERE sent_at IS NULL ORDER BY position LIMIT $1
"""
_LEAD = "SELECT pg_try_advisory_lock($1)"
_PASS_ON = f"NOTIFY {CHANNEL}"
_MARK_SENT = """
    UPDATE outbox SET sent_at = now()
    WHERE event_id = ANY($1::uuid[]) AND event_id BETWEEN $2 AND $3
"""


@dataclass(frozen=True, slots=True)
class Unsent:
    """One row of the outbox on its way to the bus."""

    event_id: UUID
    type: str
    subject: str
    entity_id: str
    version: int
    body: str
    occurred_at: datetime
    traceparent: str | None
    message_id: str = field(default="")

    def headers(self) -> dict[str, str]:
        """CloudEvents attributes (binary mode), the trace, and the key that drops repeats."""
        headers = {
            "Nats-Msg-Id": self.message_id or str(self.event_id),
            "ce-specversion": "1.0",
            "ce-id": str(self.event_id),
            "ce-type": self.type,
            "ce-source": f"/jinlin/{self.type.split('.')[2]}",
            "ce-subject": self.entity_id,
            "ce-time": self.occurred_at.isoformat(),
            "ce-datacontenttype": "application/json",
            "ce-sequence": str(self.version),
        }
        if self.traceparent:
            headers["traceparent"] = self.traceparent
        return headers


Rendering = Callable[[Sequence[Unsent]], Awaitable[Sequence[Unsent]]]
"""Gives the rows the bodies they have now: the directory sends its present state."""


async def publish_one(nats: Client, subject: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Publish one message and wait until its stream has it; its number there. Raises NatsError."""
    stored = await nats.jetstream().publish(
        subject, body, timeout=PUBLISH_TIMEOUT_SECONDS, headers=dict(headers)
    )
    return stored.seq


class Relay:
    """Moves rows from a service's outbox to its stream, for as long as it runs."""

    def __init__(
        self, database_url: str, nats: Callable[[], Client], render: Rendering | None = None
    ) -> None:
        """Take the service's database and a way to the connection of the bus."""
        self._dsn = database_url.replace("+asyncpg", "")
        self._nats = nats
        self._render = render
        self._woken = asyncio.Event()

    def wake(self, *_: object) -> None:
        """Say that there are new rows; from anywhere in this process, at any time."""
        self._woken.set()

    async def run(self) -> None:
        """Lead whenever no other replica does; survive every outage of database and bus."""
        while True:
            try:
                await self._lead()
            except Exception as error:  # noqa: BLE001 - events must go on leaving
                known = is_unreachable(error) or isinstance(error, NatsError | OSError)
                place = [] if known else place_of(error)
                log.warning("relay.interrupted", error=reason_of(error), place=place)
                await asyncio.sleep(POLL_SECONDS)

    async def _lead(self) -> None:
        """Become the leader, publish until the database or, for some seconds, the bus is away."""
        connection = await asyncpg.connect(
            self._dsn,
            timeout=2,
            command_timeout=30,
            server_settings={
                "app.communities": ALL_COMMUNITIES,
                "application_name": "relay",
                # A mark that a crash loses costs a publication that JetStream drops as a repeat, or
                # after its window every inbox does; waiting for the disk would cost every event
                # that comes next its time.
                "synchronous_commit": "off",
            },
        )
        try:
            await self._stand(connection)
            await connection.add_listener(CHANNEL, self.wake)
            loop = asyncio.get_running_loop()
            connected_at = loop.time()
            while True:
                if self._is_connected():
                    connected_at = loop.time()
                elif loop.time() - connected_at > GIVE_UP_SECONDS:
                    log.warning("relay.gave_up_the_lead")
                    return
                self._woken.clear()  # what commits from here on wakes it again
                moved = await self._relay_batch(connection)
                if moved < BATCH:
                    gather_seconds = GATHER_SECONDS * max(moved - 1, 0)
                    await self._rest(min(gather_seconds, LONGEST_GATHER_SECONDS))
        finally:
            with suppress(Exception):
                await connection.close(timeout=1)

    async def _stand(self, connection: Connection) -> None:
        """Return when this replica leads; without the bus it does not try to.

        Until then what it commits is for another one to publish: ten times a second that is told.
        """
        while True:
            if self._is_connected() and await connection.fetchval(_LEAD, LOCK):
                return
            if await self._is_woken():
                self._woken.clear()
                await connection.execute(_PASS_ON)
                await asyncio.sleep(LONGEST_GATHER_SECONDS)

    def _is_connected(self) -> bool:
        try:
            return self._nats().is_connected
        except ConnectionClosedError:  # it has not been made yet
            return False

    async def _rest(self, gather_seconds: float) -> None:
        """Return when there may be something to publish, but not before `gather_seconds`."""
        await asyncio.sleep(gather_seconds)
        await self._is_woken()

    async def _is_woken(self) -> bool:
        """Whether there are new rows, at once or before the next poll is due."""
        try:
            await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    async def _relay_batch(self, connection: Connection) -> int:
        """Publish one batch and mark it; its size, 0 when nothing is left or some must wait."""
        rows = [Unsent(*row) for row in await connection.fetch(_UNSENT, BATCH)]
        if not rows or not self._is_connected():
            return 0
        if self._render is not None:
            rows = list(await self._render(rows))
        reach(Point.RELAY_BEFORE_PUBLISH)
        sent = await self._publish(rows)
        if sent:
            reach(Point.RELAY_AFTER_PUBLISH)
            await connection.execute(_MARK_SENT, sent, min(sent), max(sent))
        return len(sent) if len(sent) == len(rows) else 0

    async def _publish(self, rows: Sequence[Unsent]) -> list[UUID]:
        """Publish `rows`; the ids of those that are stored in the stream."""
        latest = list({row.message_id or row.event_id: row for row in rows}.values())
        if len(latest) > 1:
            try:
                await self._publish_atomically(latest)
            except (NatsError, TimeoutError, RefusedBatch) as error:
                log.info("relay.batch_refused", error=str(error), rows=len(latest))
            else:
                return [row.event_id for row in rows]
        return await self._publish_singly(rows)

    async def _publish_atomically(self, rows: Sequence[Unsent]) -> None:
        """All rows or none, for one write to disk (JetStream 2.12, ADR-50)."""
        nats, batch = self._nats(), ids.new_id().hex
        for sequence, row in enumerate(rows, start=1):
            headers = row.headers() | {
                "Nats-Batch-Id": batch,
                "Nats-Batch-Sequence": str(sequence),
            }
            if sequence < len(rows):
                await nats.publish(row.subject, row.body.encode(), headers=headers)
                continue
            headers["Nats-Batch-Commit"] = "1"
            answer = await nats.request(
                row.subject, row.body.encode(), timeout=PUBLISH_TIMEOUT_SECONDS, headers=headers
            )
            if error := orjson.loads(answer.data).get("error"):
                raise RefusedBatch(error["description"])

    async def _publish_singly(self, rows: Sequence[Unsent]) -> list[UUID]:
        """One by one; an entity whose event fails waits, so that its events stay in order."""
        sent: list[UUID] = []
        waiting: set[str] = set()
        for row in rows:
            if row.entity_id in waiting:
                continue
            try:
                await publish_one(self._nats(), row.subject, row.body.encode(), row.headers())
            except (NatsError, APIError, TimeoutError) as error:
                log.warning("relay.publish_failed", subject=row.subject, error=reason_of(error))
                waiting.add(row.entity_id)
                if not self._nats().is_connected:
                    break
                continue
            sent.append(row.event_id)
        return sent


class RefusedBatch(Exception):  # noqa: N818 - a word, not a technical error
    """The server stored nothing of an atomic batch."""
