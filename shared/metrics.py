"""The figures of one service for Prometheus; docs/observability.md lists them all.

Labels are the names of services, consumers, operations and parts: never of a community, a person
or a path, so that their number is known beforehand.
"""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import clock
from shared.backlog import Backlog

__all__ = ["CountedCalls", "Lag", "Metrics"]

ANSWER_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
OUTCOMES: Final = ("done", "parked", "buried")
NO_OPERATION: Final = "none"
"""What a call without a route is counted as, whatever its path."""


class Lag(NamedTuple):
    """What a consumer has before it, in events, when the bus was last asked."""

    pending: int
    """Stored, not delivered yet."""
    unacknowledged: int
    """Delivered, not settled."""
    is_stalled: bool
    """Gone, or without progress for 30 s though its database answers."""


class Metrics:
    """Figures in a registry of their own: several services may share a process."""

    def __init__(self, service: str) -> None:
        """Register every figure; those that are sampled come with the first sample."""
        self._registry = CollectorRegistry()
        self._service = service
        self._backlog = Backlog()
        self._register_calls()
        self._register_events()
        self._part_well = self._gauge(
            "jinlin_part_well", "1 while this part of the service works, as /readyz says.", "part"
        )
        self._watch(
            "jinlin_outbox_unsent_events",
            "Events that wait in the outbox; counted up to 100 000.",
            lambda: self._backlog.unsent,
        )
        self._watch(
            "jinlin_outbox_oldest_seconds",
            "How long the oldest of them has waited.",
            lambda: clock.seconds_since(self._backlog.oldest_unsent),
        )

    def _register_calls(self) -> None:
        self._calls = Counter(
            "jinlin_http_calls",
            "Answered calls by operation and status.",
            ["service", "operation", "status"],
            registry=self._registry,
        )
        self._call_seconds = Histogram(
            "jinlin_http_call_seconds",
            "From the call to the beginning of its answer.",
            ["service", "operation"],
            buckets=ANSWER_BUCKETS,
            registry=self._registry,
        )

    def _register_events(self) -> None:
        self._events = Counter(
            "jinlin_events",
            "Events by consumer and outcome: done, parked or buried.",
            ["service", "consumer", "outcome"],
            registry=self._registry,
        )
        self._pending = self._gauge(
            "jinlin_consumer_pending_events", "Stored, not delivered yet.", "consumer"
        )
        self._unacknowledged = self._gauge(
            "jinlin_consumer_unacknowledged_events", "Delivered, not settled.", "consumer"
        )
        self._stalled = self._gauge(
            "jinlin_consumer_stalled", "1 while it is gone or stands still.", "consumer"
        )
        self._parked = self._gauge(
            "jinlin_retry_waiting_events", "Failed, wait for another attempt.", "consumer"
        )
        self._parked_seconds = self._gauge(
            "jinlin_retry_oldest_seconds", "Since the oldest of them was emitted.", "consumer"
        )

    def expect(self, consumer: str) -> None:
        """Show a consumer's figures from the start, at zero: a rate needs something to rise from.

        How old its oldest parked event is, is told when somebody looks.
        """
        for outcome in OUTCOMES:
            self._events.labels(self._service, consumer, outcome)
        self._parked.labels(self._service, consumer).set_function(
            lambda: self._backlog.parked_of(consumer).number
        )
        self._parked_seconds.labels(self._service, consumer).set_function(
            lambda: clock.seconds_since(self._backlog.parked_of(consumer).oldest)
        )

    def count(self, consumer: str, outcome: str, number: int = 1) -> None:
        """Count events of a consumer that came out as `done`, `parked` or `buried`."""
        self._events.labels(self._service, consumer, outcome).inc(number)

    def count_call(self, operation: str, status: int, seconds: float) -> None:
        """Count one answered call."""
        self._calls.labels(self._service, operation, status).inc()
        self._call_seconds.labels(self._service, operation).observe(seconds)

    def show_parts(self, parts: Mapping[str, bool]) -> None:
        """Say which parts are well."""
        for part, is_well in parts.items():
            self._part_well.labels(self._service, part).set(is_well)

    def show_lag(self, consumer: str, lag: Lag) -> None:
        """Say what a consumer has before it."""
        self._pending.labels(self._service, consumer).set(lag.pending)
        self._unacknowledged.labels(self._service, consumer).set(lag.unacknowledged)
        self._stalled.labels(self._service, consumer).set(lag.is_stalled)

    def show_backlog(self, backlog: Backlog) -> None:
        """Say what waits in the database; ages go on growing until the next sample."""
        self._backlog = backlog

    def page(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, meaning: str, label: str) -> Gauge:
        return Gauge(name, meaning, ["service", label], registry=self._registry)

    def _watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        gauge = Gauge(name, meaning, ["service"], registry=self._registry)
        gauge.labels(self._service).set_function(read)


class CountedCalls:
    """Counts every call and times it until its answer begins: a live one goes on for hours."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Stand before `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; one that fails without an answer is counted as the 500 it becomes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 0

        def count() -> None:
            # The function's name, which is also its operation id in the API document.
            operation = getattr(scope.get("route"), "name", NO_OPERATION)
            self._metrics.count_call(operation, status, perf_counter() - began)

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                count()
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        except Exception:
            if not status:
                status = 500
                count()
            raise
