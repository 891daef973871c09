"""In by event: what was closed and reopened, and which communities there are."""

from collections.abc import Sequence

from services.points import actions
from shared.consumers import Consumers, EventTx
from shared.events import CommunityChanged, RequestClosed, RequestReopened
from shared.neighbourhood import follow_directory

__all__ = ["consumes"]

consumes = Consumers()
follow_directory(consumes, "points")


@consumes(RequestClosed, durable="points-requests-closed")
async def requests_closed(closings: Sequence[RequestClosed], tx: EventTx) -> None:
    """Each closed request earns each of its takers the points of the rule in force, once."""
    await actions.award(tx, closings)


@consumes(RequestReopened, durable="points-requests-reopened")
async def requests_reopened(reopenings: Sequence[RequestReopened], tx: EventTx) -> None:
    """A reopened request takes back what its last closing earned, whichever arrives first."""
    await actions.reverse(tx, reopenings)


@consumes(CommunityChanged, durable="points-communities")
async def communities(changes: Sequence[CommunityChanged], tx: EventTx) -> None:
    """A new community starts with rules."""
    await actions.open_ledgers(tx, [one.slug for one in changes if not one.removed])
