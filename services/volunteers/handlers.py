"""In by event: what happens to requests, and what it means for their tasks."""

from collections.abc import Sequence

from services.volunteers import actions
from services.volunteers.domain import RequestStep
from shared.consumers import Consumers, EventTx
from shared.events import (
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestReopened,
    RequestReworked,
)
from shared.neighbourhood import follow_directory

__all__ = ["consumes"]

consumes = Consumers()
follow_directory(consumes, "volunteers")


@consumes(
    RequestListed,
    RequestDispatched,
    RequestCancelled,
    RequestReworked,
    RequestReopened,
    RequestClosed,
    durable="volunteers-requests",
)
async def requests(steps: Sequence[RequestStep], tx: EventTx) -> None:
    """A task opens, is offered, voided, given back or closed with its request."""
    await actions.follow_requests(tx, steps)
