"""Taking back what was told, after an older database was restored."""

from collections.abc import Sequence
from typing import TypeIs

from sqlalchemy.ext.asyncio import AsyncConnection

from services.volunteers import domain, store
from services.volunteers.domain import RequestStep, Standing, Task
from services.volunteers.store import Key
from shared import ids
from shared.events import (
    Event,
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestReopened,
    RequestReworked,
)
from shared.events.volunteers import TaskEvent

__all__ = ["adopt"]


async def adopt(tx: AsyncConnection, told: Sequence[TaskEvent], around: Sequence[Event]) -> None:
    """Rebuild tasks from the events of theirs that this database does not know.

    `around` holds the steps of their requests. Tells nothing: all of it has been told.
    """
    steps = [one for one in around if _is_step(one)]
    present = await store.load_cycles(tx, {_key(one) for one in told})
    rebuilt: list[Task] = []
    for key in sorted({_key(one) for one in told}):
        theirs = [one for one in told if _key(one) == key]
        task = domain.adopt(
            present.get(key),
            [one for one in steps if _key(one) == key],
            theirs,
            task_id=theirs[0].task_id,
        )
        if task and task.version > task.stored_version:
            rebuilt.append(task)
    await store.save(tx, rebuilt)
    for task in rebuilt:
        for one in task.changed:
            if one.state is Standing.COMPLETED and one.service_minutes:
                await store.record(tx, ids.new_id(), task, one)


def _is_step(event: Event) -> TypeIs[RequestStep]:
    """Whether a task moves with it."""
    return isinstance(
        event,
        RequestListed
        | RequestDispatched
        | RequestCancelled
        | RequestReworked
        | RequestReopened
        | RequestClosed,
    )


def _key(one: TaskEvent | RequestStep) -> Key:
    return one.community, one.request_id, one.cycle
