"""In by event: what happened elsewhere, and who is told of it."""

from collections.abc import Sequence

from services.notify import actions
from services.notify.domain import PointsStep, RequestStep
from shared.consumers import Consumers, EventTx
from shared.events import (
    MembershipChanged,
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
from shared.events.directory import StateEvent
from shared.neighbourhood import COPIED, keep_copies

__all__ = ["consumes"]

consumes = Consumers()


@consumes(*COPIED, durable="notify-directory")
async def directory(states: Sequence[StateEvent], tx: EventTx) -> None:
    """Who has become a volunteer is told of it; then the copies are kept."""
    changes = [one for one in states if isinstance(one, MembershipChanged)]
    await actions.tell_the_admitted(tx, changes)
    await keep_copies(states, tx)


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
