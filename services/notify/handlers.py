"""In by event: what happened elsewhere, and who is told of it."""

from collections.abc import Sequence

from services.notify import actions
from services.notify.domain import PointsStep, RequestStep
from shared.consumers import Consumers, EventTx
from shared.events import (
    PointsAwarded,
    PointsReversed,
    RequestAccepted,
    RequestClosed,
    RequestDispatched,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestResolved,
)
from shared.neighbourhood import follow_directory

__all__ = ["consumes"]

consumes = Consumers()
follow_directory(consumes, "notify")


@consumes(
    RequestRegistered,
    RequestRejected,
    RequestDispatched,
    RequestAccepted,
    RequestResolved,
    RequestClosed,
    RequestReopened,
    durable="notify-requests",
)
async def requests(steps: Sequence[RequestStep], tx: EventTx) -> None:
    """Whom a step concerns is told: who asked and filed, or the taker it is given to."""
    await actions.tell_of_requests(tx, steps)


@consumes(PointsAwarded, PointsReversed, durable="notify-points")
async def points(steps: Sequence[PointsStep], tx: EventTx) -> None:
    """Takers are told what they earned, and what was taken back."""
    await actions.tell_of_points(tx, steps)
