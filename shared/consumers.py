"""Consumers: every event is worked in once, in batches, and no bad one holds the others.

A batch is one transaction: inbox rows, the handler's effect, commit, then the acks. A batch that
fails is taken apart, one transaction an event. An event that fails for a passing reason is parked
in the table `retry`; one that can never succeed, or has failed six times, becomes a dead letter.
While the database cannot be reached nothing is fetched and nothing counts as an attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Final

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from opentelemetry.trace import Tracer
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import inbox, outbox, telemetry
from shared.database import ALL_COMMUNITIES, Database, is_unreachable
from shared.delivery import Delivery, Poison
from shared.events import Event
from shared.metrics import Metrics
from shared.problems import NotYet, Problem
from shared.topology import ConsumerSpec

__all__ = ["Consumer", "Consumers", "EventTx", "Handler"]

log = structlog.get_logger()

EventTx = AsyncConnection
"""The transaction of the events at hand; the consumer opens and commits it."""

Handler = Callable[[Sequence[Event], EventTx], Awaitable[None]]
"""Works events in. They are new to its consumer, and in the order of the stream."""

LAST_ATTEMPT: Final = 6
SWEEP_LIMIT: Final = 100


class Consumers:
    """The handlers of one service, collected where they are written (`handlers.py`)."""

    def __init__(self) -> None:
        """Start with none."""
        self.specs: dict[ConsumerSpec, Handler] = {}

    def __call__[H: Callable[..., Awaitable[None]]](
        self, *events: type[Event], durable: str
    ) -> Callable[[H], H]:
        """Let a handler take `events` of one owner through the durable consumer `durable`."""

        def register(handler: H) -> H:
            self.specs[ConsumerSpec(durable, events)] = handler
            return handler

        return register


class Consumer:
    """One durable consumer at work in one process."""

    def __init__(
        self,
        spec: ConsumerSpec,
        handler: Handler,
        *,
        database: Database,
        nats: Callable[[], Client],
        tracer: Tracer,
        metrics: Metrics,
        ack_wait_seconds: float,
    ) -> None:
        """Bind a handler to what it works with."""
        self.spec = spec
        self._handler = handler
        self._database = database
        self._nats = nats
        self._tracer = tracer
        self._metrics = metrics
        self._ack_wait_seconds = ack_wait_seconds

    async def take(self, messages: Sequence[Msg]) -> None:
        """Work in what the bus delivered: all of it is settled when this returns."""
        deliveries: list[Delivery] = []
        for message in messages:
            try:
                deliveries.append(Delivery.read(message))
            except Poison as poison:
                await self._bury_unread(poison)
        if deliveries:
            await self._work_in(deliveries)

    async def take_parked(self, parked: inbox.Parked) -> None:
        """Give a parked event its next attempt."""
        try:
            delivery = Delivery.unpark(parked)
        except Poison as poison:  # its contract changed while it waited
            await self._bury_unread(poison)
            async with self._database.transaction(ALL_COMMUNITIES) as tx:
                await inbox.forget_parked(tx, self.spec.durable, [parked.event_id])
        else:
            await self._work_in([delivery])

    async def _work_in(self, deliveries: Sequence[Delivery]) -> None:
        """Settle `deliveries`, however often the database goes away meanwhile."""
        while True:
            try:
                await self._settle(deliveries)
            except Exception as error:
                if not is_unreachable(error):
                    raise
                log.warning("consumer.database_lost", consumer=self.spec.durable)
                await self._wait_for_database(deliveries)
            else:
                return

    async def _settle(self, deliveries: Sequence[Delivery]) -> None:
        """As one batch if possible, else one by one. Raises only when the database is away."""
        try:
            await self._apply(deliveries)
        except Exception as error:
            if is_unreachable(error):
                raise
            for delivery in deliveries:
                await self._settle_one(delivery)
        else:
            for delivery in deliveries:
                await delivery.ack()

    async def _settle_one(self, delivery: Delivery) -> None:
        """Work one event in; park or bury it when that fails."""
        try:
            await self._apply([delivery])
        except Exception as error:
            if is_unreachable(error):
                raise
            attempts = delivery.attempts + 1
            log.warning(
                "consumer.failed",
                consumer=self.spec.durable,
                event_id=str(delivery.event.event_id),
                attempts=attempts,
                error=repr(error),
                exc_info=not isinstance(error, Problem),
            )
            if is_permanent(error) or attempts >= LAST_ATTEMPT:
                await self._bury(delivery, repr(error))
            else:
                await self._park(delivery, repr(error))
        else:
            await delivery.ack()

    async def _apply(self, deliveries: Sequence[Delivery]) -> None:
        """One transaction: note the events as done, and do what is new among them."""
        events = list({one.event.event_id: one.event for one in deliveries}.values())
        communities = sorted({event.community for event in events})
        async with self._database.transaction(*communities) as tx:
            new = await inbox.remember(tx, self.spec.durable, events)
            fresh = [event for event in events if event.event_id in new]
            if fresh:
                with self._traced(deliveries):
                    await self._handler(fresh, tx)
            if any(delivery.attempts for delivery in deliveries):
                await inbox.forget_parked(tx, self.spec.durable, [e.event_id for e in events])
        self._metrics.count(self.spec.durable, "done", len(fresh))

    def _traced(self, deliveries: Sequence[Delivery]) -> ExitStack:
        """A span for each event, in its own trace; what it causes joins that trace."""
        stack = ExitStack()
        traces = {
            delivery.event.event_id: stack.enter_context(
                telemetry.event_span(self._tracer, self.spec.durable, delivery.headers)
            )
            for delivery in deliveries
        }
        stack.enter_context(outbox.working_on(traces))
        return stack

    async def _park(self, delivery: Delivery, reason: str) -> None:
        async with self._database.transaction(delivery.event.community) as tx:
            parked = delivery.park(self.spec.durable)
            await inbox.park(tx, parked, community=delivery.event.community, reason=reason)
        self._metrics.count(self.spec.durable, "parked")
        await delivery.ack()

    async def _bury_unread(self, poison: Poison) -> None:
        await poison.delivery.bury(self._nats(), self.spec.durable, str(poison))
        self._metrics.count(self.spec.durable, "buried")

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        await delivery.bury(self._nats(), self.spec.durable, reason)
        self._metrics.count(self.spec.durable, "buried")
        if delivery.attempts:
            async with self._database.transaction(delivery.event.community) as tx:
                await inbox.forget_parked(tx, self.spec.durable, [delivery.event.event_id])

    async def _wait_for_database(self, deliveries: Sequence[Delivery]) -> None:
        """Return when the database answers; until then the bus is told that work goes on."""
        loop = asyncio.get_running_loop()
        told_at = loop.time()
        while True:
            await asyncio.sleep(0.5)
            if loop.time() - told_at > self._ack_wait_seconds / 3:
                told_at = loop.time()
                for delivery in deliveries:
                    await delivery.in_progress()
            try:
                async with self._database.transaction() as tx:
                    await tx.execute(text("SELECT 1"))
            except Exception as error:
                if not is_unreachable(error):
                    raise
            else:
                return


def is_permanent(error: Exception) -> bool:
    """Whether another attempt can only fail again: the rule or the form refuses the event."""
    return isinstance(error, Problem | ValidationError) and not isinstance(error, NotYet)


async def sweep(database: Database, consumers: dict[str, Consumer]) -> int:
    """Give every parked event that is due its next attempt; how many there were."""
    async with database.transaction(ALL_COMMUNITIES) as tx:
        due = await inbox.take_due(tx, limit=SWEEP_LIMIT)
    for parked in due:
        if consumer := consumers.get(parked.consumer):
            await consumer.take_parked(parked)
    return len(due)
