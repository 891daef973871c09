"""The figures of one service for Prometheus."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

if TYPE_CHECKING:
    from shared.service import Service

__all__ = ["Metrics"]


class Metrics:
    """Counters and gauges in a registry of their own: several services may share a process."""

    def __init__(self, service: str) -> None:
        """Register the figures."""
        self._registry = CollectorRegistry()
        labels = {"labelnames": ["service", "consumer"], "registry": self._registry}
        self._service = service
        self.events = Counter("jinlin_events", "Events worked in.", **labels)
        self.parked = Counter("jinlin_events_parked", "Events put aside for a retry.", **labels)
        self.buried = Counter("jinlin_events_buried", "Events made dead letters.", **labels)
        self._outbox = Gauge(
            "jinlin_outbox_oldest_seconds",
            "How long the oldest unsent event has waited.",
            ["service"],
            registry=self._registry,
        )
        self._stalled = Gauge(
            "jinlin_consumers_stalled",
            "Consumers that are gone or stand still.",
            ["service"],
            registry=self._registry,
        )

    def count(self, counter: Counter, consumer: str, number: int = 1) -> None:
        """Add to one of the counters for `consumer`."""
        counter.labels(self._service, consumer).inc(number)

    def page(self, service: "Service") -> bytes:
        """The page that Prometheus reads."""
        self._outbox.labels(self._service).set(service.relay.seconds_behind())
        self._stalled.labels(self._service).set(len(service.bus.stalled))
        return generate_latest(self._registry)
