"""The bus as FastStream gives it to us, with a pull loop that neither waits nor dies.

FastStream 0.7.8 waits for a full batch, and its task ends at the first error of the bus; ours
passes on what came and goes on (`DESIGN.md` §5).
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.security import NatsUserPassword
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from pydantic import SecretStr

from shared.consumers import Consumer
from shared.delivery import BUS_ERRORS
from shared.metrics import Lag
from shared.reasons import place_of, reason_of
from shared.topology import BATCH, inbox_prefix

__all__ = ["Bus", "PromptSubscriber"]

log = structlog.get_logger()

FETCH_SECONDS: Final = 5
PAUSE_SECONDS: Final = 0.5
WATCH_SECONDS: Final = 5
STALLED_SECONDS: Final = 30


class PromptSubscriber(BatchPullStreamSubscriber):
    """Binds to a provisioned durable consumer and hands over whatever a fetch brings, at once."""

    async def _create_subscription(self) -> None:
        """Bind; never create a consumer: the topology is not ours to declare."""
        if self.subscription is None:
            self.subscription = await self.jetstream.pull_subscribe_bind(
                consumer=self.config.durable_name,
                stream=self.stream.name,
                inbox_prefix=self.extra_options["inbox_prefix"],
            )
            self.add_task(self._consume_pull)

    async def _consume_pull(self) -> None:
        """Fetch and consume until stopped; outages of the bus only make it pause."""
        subscription = self.subscription
        while subscription is not None:
            try:
                messages = await subscription.fetch(BATCH, timeout=FETCH_SECONDS)
            except TimeoutError:
                continue
            except ConnectionClosedError:
                return
            except NatsError as error:
                log.warning("bus.fetch_failed", consumer=self.config.durable_name, error=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if messages:
                await self.consume(messages)


class Bus:
    """One service's connection to NATS: it publishes through it, and its consumers live on it."""

    def __init__(self, url: str, *, service: str, password: SecretStr | None = None) -> None:
        """Prepare the connection; `join` makes it. Without a password the address says who."""
        self._url = url
        self._service = service
        self._password = password
        self._inbox_prefix = inbox_prefix(service).encode()
        self._broker = self._new_broker()
        self._consumers: dict[str, Consumer] = {}
        self._nats: Client | None = None
        self._subscribers: dict[str, PromptSubscriber] = {}
        self.lags: dict[str, Lag] = {}
        """What each consumer has before it, as of the last look."""

    def _new_broker(self) -> NatsBroker:
        password = self._password.get_secret_value() if self._password else None
        return NatsBroker(
            self._url.split(","),
            security=NatsUserPassword(self._service, password) if password else None,
            name=f"jinlin-{self._service}",
            apply_types=False,
            logger=None,
            graceful_timeout=10,
            inbox_prefix=self._inbox_prefix,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
        )

    @property
    def stalled(self) -> set[str]:
        """Consumers that are gone or stand still."""
        return {durable for durable, lag in self.lags.items() if lag.is_stalled}

    @property
    def is_connected(self) -> bool:
        """Whether the bus can be reached now."""
        return self._nats is not None and self._nats.is_connected

    def nats(self) -> Client:
        """The connection, for publishing. Raises ConnectionClosedError before it is made."""
        if self._nats is None:
            raise ConnectionClosedError
        return self._nats

    def add(self, consumer: Consumer) -> None:
        """Let `consumer` take its events as soon as the bus is joined."""
        self._consumers[consumer.spec.durable] = consumer
        self._subscribe(consumer)

    def _subscribe(self, consumer: Consumer) -> None:
        async def take(messages: list[Msg]) -> None:
            try:
                await consumer.take(messages)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next must come
                # They stay unacknowledged and come again after ack_wait.
                log.error(  # noqa: TRY400 - its message may repeat what people wrote
                    "consumer.not_settled",
                    consumer=spec.durable,
                    error=reason_of(error),
                    place=place_of(error),
                )

        spec = consumer.spec
        subscriber = self._broker.subscriber(
            spec.events[0].subjects(),
            durable=spec.durable,
            stream=JStream(spec.stream, declare=False),
            pull_sub=PullSub(batch_size=BATCH, timeout=FETCH_SECONDS, batch=True),
            inbox_prefix=self._inbox_prefix + b".",
            ack_policy=AckPolicy.MANUAL,
            decoder=_undecoded,
        )
        subscriber(take)
        # FastStream has no place to name a subscriber class of one's own.
        subscriber.__class__ = PromptSubscriber
        self._subscribers[spec.durable] = cast("PromptSubscriber", subscriber)

    async def join(self) -> None:
        """Connect and start consuming, however long the bus is away at first."""
        while True:
            try:
                self._nats = await self._broker.connect()
                await self._broker.start()
            except BUS_ERRORS as error:
                log.warning("bus.not_reached", error=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    async def leave(self) -> None:
        """Let handlers finish what they hold, then disconnect; also while the bus is away."""
        # It cannot be told: what was not acked comes again. A transport of asyncio that is closed
        # already raises one of the last two when nats-py writes what is left.
        with suppress(*BUS_ERRORS, TypeError, AttributeError):
            await self._broker.stop()
        if self._nats is not None:
            with suppress(*BUS_ERRORS, TypeError, AttributeError):
                await self._nats.close()

    async def _join_anew(self) -> None:
        """Join once more, after an error that the server gave: it closes a connection for good."""
        log.warning("bus.closed", error=str(self.nats().last_error))
        await self.leave()
        self._broker = self._new_broker()
        for consumer in self._consumers.values():
            self._subscribe(consumer)
        await self.join()

    async def watch(self) -> None:
        """Notice consumers that are gone or stand still, and start those again, for ever."""
        progress = {durable: _Progress() for durable in self._subscribers}
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.nats().is_closed:
                await self._join_anew()
            if self.is_connected:
                self.lags = {
                    durable: await progress[durable].lag(
                        subscriber, waits=self._consumers[durable].waits
                    )
                    for durable, subscriber in self._subscribers.items()
                }
                await self._restart(self.stalled)

    async def _restart(self, durables: Iterable[str]) -> None:
        for durable in durables:
            log.warning("bus.consumer_stalled", consumer=durable)
            subscriber = self._subscribers[durable]
            with suppress(*BUS_ERRORS):  # closed just now, for good: the next look joins anew
                await subscriber.stop()
                await subscriber.start()


class _Progress:
    """What a consumer had acknowledged when it last moved."""

    def __init__(self) -> None:
        self._acknowledged = -1
        self._moved_at = asyncio.get_running_loop().time()
        self._lag = Lag(0, 0, is_stalled=False)

    async def lag(self, subscriber: PromptSubscriber, *, waits: bool) -> Lag:
        """What is before it; stalled when it is gone, or had work and did none for 30 s.

        Who `waits` for the database is not: started again, it would let go of what it holds.
        """
        now = asyncio.get_running_loop().time()
        try:
            info = await subscriber.jetstream.consumer_info(
                subscriber.stream.name, subscriber.config.durable_name or "", timeout=2
            )
        except (NatsError, TimeoutError):
            self._lag = self._lag._replace(is_stalled=True)
            return self._lag
        pending, unacknowledged = info.num_pending or 0, info.num_ack_pending or 0
        acknowledged = info.ack_floor.consumer_seq if info.ack_floor else 0
        if waits or not (pending or unacknowledged) or acknowledged != self._acknowledged:
            self._acknowledged, self._moved_at = acknowledged, now
        is_stalled = now - self._moved_at >= STALLED_SECONDS
        self._lag = Lag(pending, unacknowledged, is_stalled)
        return self._lag


async def _undecoded(message: StreamMessage[Any]) -> Any:
    """Leave the bodies to the consumer: each is parsed once, straight into its contract."""
    return message.raw_message
