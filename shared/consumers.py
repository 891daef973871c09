"""Consumers: every event is worked in once, in batches, and no bad one holds the others.

A batch is one transaction: inbox rows, the handler's effect, commit, then the acks. A batch that
fails is taken apart, one transaction an event. An event that fails for a passing reason is parked
in the table `retry`; one that can never succeed, or has failed six times, becomes a dead letter.
While the database cannot be reached nothing is fetched and nothing counts as an attempt. What can
be neither parked nor buried stays unacknowledged and comes again after `ack_wait`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Final

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from opentelemetry.trace import Tracer
from pydantic import ValidationError
from sqlalchemy import text

from shared import dead_letters, inbox, outbox, telemetry
from shared.chaos import Point, reach
from shared.database import ALL_COMMUNITIES, Database, Transaction, is_unreachable
from shared.delivery import BUS_ERRORS, Delivery, Poison, Undelivered
from shared.events import Event
from shared.metrics import Metrics
from shared.problems import NotYet, Problem
from shared.reasons import place_of, reason_of
from shared.topology import ConsumerSpec

__all__ = ["Consumer", "Consumers", "EventTx", "Handler"]

log = structlog.get_logger()

EventTx = Transaction
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
        self.waits = False
        """Whether it stands still for want of its database: it goes on by itself."""

    async def take(self, messages: Sequence[Msg]) -> None:
        """Work in what the bus delivered; what could not be set aside comes again."""
        deliveries: list[Delivery] = []
        poisons: list[Poison] = []
        for message in messages:
            try:
                deliveries.append(Delivery.read(message))
            except Poison as poison:
                poisons.append(poison)
        if deliveries:
            await self._work_in(deliveries)
        for poison in poisons:  # last: a bus that does not answer must not keep the good waiting
            await self._bury_unread(poison)

    async def take_parked(self, parked: inbox.Parked) -> None:
        """Give a parked event its next attempt."""
        try:
            delivery = Delivery.unpark(parked)
        except Poison as poison:  # its contract changed while it waited
            await self._bury_unread(poison)
        else:
            await self._work_in([delivery])

    async def _work_in(self, deliveries: Sequence[Delivery]) -> None:
        """Settle `deliveries`, however often the database goes away meanwhile."""
        patience = _Patience(self._ack_wait_seconds)
        left = deliveries
        while True:
            try:
                await self._settle(left, patience)
            except Exception as error:
                if not is_unreachable(error):
                    raise
                reason = reason_of(error.__cause__ or error)
                log.warning("consumer.database_lost", consumer=self.spec.durable, error=reason)
                left = [one for one in left if not one.is_settled]
                await self._wait_for_database(left, patience)
            else:
                return

    async def _settle(self, deliveries: Sequence[Delivery], patience: "_Patience") -> None:
        """As one batch if possible, else one by one.

        Raises when the database is away, and when the bus refuses an ack: its connection is closed.
        """
        try:
            await self._apply(deliveries)
        except Exception as error:
            if is_unreachable(error):
                raise
            for delivery in deliveries:
                await patience.ask_for(deliveries)
                await self._settle_one(delivery)
        else:
            for delivery in deliveries:
                await delivery.ack()

    async def _settle_one(self, delivery: Delivery) -> None:
        """Work one event in; set it aside when that fails. Raises as `_settle`."""
        try:
            await self._apply([delivery])
        except Exception as error:
            if is_unreachable(error):
                raise
            await self._set_aside(delivery, error)
        else:
            await delivery.ack()

    async def _set_aside(self, delivery: Delivery, error: Exception) -> None:
        """Park or bury what failed; if that fails too, the bus or the sweep brings it again."""
        attempts = delivery.attempts + 1
        logger = log.bind(consumer=self.spec.durable, event_id=str(delivery.event.event_id))
        reason = reason_of(error)
        place = [] if isinstance(error, Problem) else place_of(error)
        logger.warning("consumer.failed", attempts=attempts, error=reason, place=place)
        try:
            if is_permanent(error) or attempts >= LAST_ATTEMPT:
                await self._bury(delivery, reason, attempts=attempts)
            else:
                await self._park(delivery, reason)
        except Exception as failure:
            if is_unreachable(failure):
                raise
            logger.warning("consumer.not_set_aside", error=reason_of(failure))

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
            reach(Point.CONSUMER_BEFORE_COMMIT)
        reach(Point.CONSUMER_AFTER_COMMIT)
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
        """Bury it, however long the database is away; what is not buried comes again."""
        patience = _Patience(self._ack_wait_seconds)
        while True:
            try:
                await self._bury(poison.delivery, str(poison), attempts=0)
            except Exception as failure:  # noqa: BLE001 - whatever it is, the next must come
                if not is_unreachable(failure):
                    reason = reason_of(failure)
                    log.warning("consumer.not_buried", consumer=self.spec.durable, error=reason)
                    return
                await self._wait_for_database([poison.delivery], patience)
            else:
                return

    async def _bury(self, buried: Undelivered, reason: str, *, attempts: int) -> None:
        """Make it a dead letter on the bus, then in our own database; then the bus forgets it."""
        consumer = self.spec.durable
        number = await buried.bury(self._nats(), consumer, reason)
        async with self._database.transaction(buried.community) as tx:
            await dead_letters.keep(
                tx, number, buried, consumer=consumer, reason=reason, attempts=attempts
            )
            if buried.message is None and buried.event_id is not None:  # it was parked
                await inbox.forget_parked(tx, consumer, [buried.event_id])
        await buried.term()
        self._metrics.count(consumer, "buried")

    async def _wait_for_database(
        self, deliveries: Sequence[Undelivered], patience: "_Patience"
    ) -> None:
        """Return when the database answers; until then the bus is told that work goes on."""
        self.waits = True
        try:
            await self._ask_database(deliveries, patience)
        finally:
            self.waits = False

    async def _ask_database(self, deliveries: Sequence[Undelivered], patience: "_Patience") -> None:
        while True:
            await asyncio.sleep(0.5)
            await patience.ask_for(deliveries)
            try:
                async with self._database.transaction() as tx:
                    await tx.execute(text("SELECT 1"))
            except Exception as error:
                if not is_unreachable(error):
                    raise
            else:
                return


class _Patience:
    """Asks the bus for more time, three times in each of its `ack_wait`s."""

    def __init__(self, ack_wait_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._every = ack_wait_seconds / 3
        self._asked_at = self._loop.time()

    async def ask_for(self, deliveries: Sequence[Undelivered]) -> None:
        """Ask if it is time to; a bus that is away cannot be asked."""
        if self._loop.time() - self._asked_at > self._every:
            self._asked_at = self._loop.time()
            with suppress(*BUS_ERRORS):
                for delivery in deliveries:
                    await delivery.in_progress()


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
