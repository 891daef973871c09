"""In by event: what happens elsewhere, and what it means for a request."""

from collections.abc import Sequence

from services.requests import actions
from services.requests.domain import TaskStep
from shared.consumers import Consumers, EventTx
from shared.events import (
    CommunityChanged,
    TaskClaimed,
    TaskCompleted,
    TaskDeclined,
    TaskStarted,
)
from shared.neighbourhood import follow_directory

__all__ = ["consumes"]

consumes = Consumers()
follow_directory(consumes, "requests")


@consumes(TaskClaimed, TaskDeclined, TaskStarted, TaskCompleted, durable="requests-tasks")
async def tasks(steps: Sequence[TaskStep], tx: EventTx) -> None:
    """A request moves with its task: accepted, back on the list, in progress, resolved."""
    await actions.follow_tasks(tx, steps)


@consumes(CommunityChanged, durable="requests-communities")
async def communities(changes: Sequence[CommunityChanged], tx: EventTx) -> None:
    """A new community starts with a catalogue."""
    await actions.open_catalogue(tx, [one.slug for one in changes if not one.removed])
