"""Taking back what was told, after an older database was restored."""

from collections.abc import Sequence
from typing import TypeIs

from services.volunteers import domain, store
from services.volunteers.actions.tasks import key_of
from services.volunteers.domain import RequestStep, Standing, Task
from shared import ids
from shared.database import Transaction
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


async def adopt(tx: Transaction, told: Sequence[TaskEvent], around: Sequence[Event]) -> int:
    """Rebuild tasks from the events of theirs that this database does not know.

    `around` holds the steps of their requests. Tells nothing: all of it has been told.
    How many events could not be used: the steps that made their tasks are older than the streams.
    """
    steps = [one for one in around if _is_step(one)]
    present = await store.load_cycles(tx, {key_of(one) for one in told})
    rebuilt: list[Task] = []
    lost = 0
    for key in sorted({key_of(one) for one in told}):
        theirs = [one for one in told if key_of(one) == key]
        task = domain.adopt(
            present.get(key),
            [one for one in steps if key_of(one) == key],
            theirs,
            task_id=theirs[0].task_id,
        )
        if task is None:
            lost += len(theirs)
        elif task.version > task.stored_version:
            rebuilt.append(task)
    await store.save(tx, rebuilt)
    for task in rebuilt:
        for one in task.changed:
            if one.state is Standing.COMPLETED and one.service_minutes:
                await store.record(tx, ids.new_id(), task, one)
    return lost


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
