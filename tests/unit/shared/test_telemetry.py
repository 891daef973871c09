"""A call has a trace also where nobody records it, and loggers follow their configuration."""

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from shared.telemetry import MarkedCalls, configure_logging, current_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def traced(traceparent: str | None) -> str:
    """What the app behind sees as its trace."""
    seen: list[str | None] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(current_traceparent())

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None: ...

    headers = [(b"traceparent", traceparent.encode())] if traceparent else []
    await MarkedCalls(app)({"type": "http", "headers": headers}, receive, send)
    assert current_traceparent() is None
    assert seen[0] is not None
    return seen[0]


async def test_a_call_is_in_the_trace_that_it_brought() -> None:
    brought = f"00-{TRACE}-00f067aa0ba902b7-01"
    assert await traced(brought) == brought


@pytest.mark.parametrize("brought", [None, "", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
async def test_one_without_a_trace_gets_one_that_nobody_records(brought: str | None) -> None:
    first, second = await traced(brought), await traced(brought)
    assert first.split("-")[1] != second.split("-")[1]
    assert first.endswith("-00")


def test_a_logger_that_is_in_use_follows_when_logging_is_configured_again() -> None:
    log = structlog.get_logger()
    log.warning("before")
    configure_logging("WARNING")
    with structlog.testing.capture_logs() as logs:
        log.warning("after")
    assert [one["event"] for one in logs] == ["after"]
