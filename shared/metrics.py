"""The figures of one service for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

__all__ = ["Metrics"]


class Metrics:
    """Counters and gauges in a registry of their own: several services may share a process."""

    def __init__(self, service: str) -> None:
        """Register the figures that count events; the gauges come with `watch`."""
        self._registry = CollectorRegistry()
        self._service = service
        self._events = Counter(
            "jinlin_events",
            "Events by consumer and outcome: done, parked or buried.",
            ["service", "consumer", "outcome"],
            registry=self._registry,
        )

    def count(self, consumer: str, outcome: str, number: int = 1) -> None:
        """Count events of a consumer that came out as `done`, `parked` or `buried`."""
        self._events.labels(self._service, consumer, outcome).inc(number)

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A gauge that is read when somebody looks."""
        gauge = Gauge(name, meaning, ["service"], registry=self._registry)
        gauge.labels(self._service).set_function(read)

    def page(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self._registry)
