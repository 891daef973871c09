"""Traces and logs: who did what for whom, in one trace from the click to the notice."""

import logging
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final, override

import structlog
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.codes import without_codes

__all__ = [
    "MarkedCalls",
    "configure_logging",
    "current_traceparent",
    "event_span",
    "of_calls",
    "tracer_provider",
]

_propagator = TraceContextTextMapPropagator()
_ids = RandomIdGenerator()


class WithoutCodes(SpanProcessor):
    """Takes the codes of paper slips, and what was searched for, out of what spans tell."""

    @override
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """A span begins; nobody has read it yet."""
        path = (span.attributes or {}).get("url.path")
        if isinstance(path, str):
            span.set_attribute("url.path", without_codes(path))
        if (span.attributes or {}).get("url.query"):
            span.set_attribute("url.query", "")  # names and phones are searched for


def tracer_provider(service: str, *, otlp_endpoint: str | None, ratio: float) -> TracerProvider:
    """A provider for one service; without an endpoint spans carry ids, and nothing is recorded."""
    sampler = ParentBased(TraceIdRatioBased(ratio if otlp_endpoint else 0))
    resource = Resource({SERVICE_NAME: f"jinlin-{service}"})
    provider = TracerProvider(resource=resource, sampler=sampler)
    provider.add_span_processor(WithoutCodes())
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,  # slow to import, and only needed here
        )

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def of_calls(provider: TracerProvider, *, recorded: bool) -> TelemetryConfig:
    """What FastAPI does for each call: a span of `provider`; we count and log calls ourselves.

    Where nobody records them `MarkedCalls` stands before the app instead.
    """
    return {
        "tracing": recorded,
        "tracer_provider": provider,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
    }


class MarkedCalls:
    """Gives each call the trace that it came with, or a new one, where none is recorded.

    Ids on the lines of the log and in the events are all that is wanted then, and FastAPI's spans,
    which are thrown away, would cost as much as they do where somebody keeps them.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, in its trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        brought = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        found = trace.get_current_span(_propagator.extract({"traceparent": brought}))
        span = found if found.get_span_context().is_valid else trace.NonRecordingSpan(_new_trace())
        token = attach(trace.set_span_in_context(span))
        try:
            await self._app(scope, receive, send)
        finally:
            detach(token)


def _new_trace() -> trace.SpanContext:
    trace_id, span_id = _ids.generate_trace_id(), _ids.generate_span_id()
    return trace.SpanContext(trace_id, span_id, is_remote=False)


def current_traceparent() -> str | None:
    """The W3C `traceparent` of the span under way, if any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def event_span(tracer: trace.Tracer, name: str, headers: Mapping[str, str]) -> Generator[str]:
    """A consumer's span below the trace that an event brought; yields its `traceparent`.

    Without a trace, or where nobody records it, there is no span; what came is passed on.
    """
    traceparent = headers.get("traceparent", "")
    if not traceparent or traceparent.endswith("-00"):
        yield traceparent
        return
    parent: Context = _propagator.extract(headers)
    span = tracer.start_span(name, context=parent, kind=trace.SpanKind.CONSUMER)
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(span))
    try:
        yield carrier.get("traceparent", "")
    finally:
        span.end()


def _add_trace(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Put the trace id on every line, so that a log leads to its trace and back."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry["trace_id"] = trace.format_trace_id(context.trace_id)
        entry["span_id"] = trace.format_span_id(context.span_id)
    return entry


_CHAIN: Final[list[structlog.typing.Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_trace,
]
_PROCESSORS: Final[list[structlog.typing.Processor]] = [
    *_CHAIN,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]
"""One list, however often logging is configured: a logger keeps the one that it first met."""


def configure_logging(level: str) -> None:
    """One JSON object a line on standard error, from our own code and from the libraries."""
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_CHAIN,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(
                    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
                ),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "faststream", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
