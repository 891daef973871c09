"""What every step on a task begins and ends with: who does it, on which one, and the answer."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from services.volunteers import actions
from services.volunteers.domain import Task
from services.volunteers.permissions import may
from services.volunteers.routes.views import Acting, TaskView, actor_of
from shared.door import Edition
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.permissions import marked

__all__ = ["Step", "stepping"]


@dataclass(frozen=True, slots=True)
class Step:
    """A caller about to change a task."""

    community: str
    task_id: UUID
    caller: Caller
    edition: Edition

    def change(self, acting: Acting | None = None) -> actions.Change:
        """Who changes which task, for oneself or for the organisation that `acting` names."""
        return actions.Change(
            self.community,
            self.task_id,
            actor_of(self.caller, self.community),
            organisation_id=acting.organisation_id if acting else None,
            expected=self.edition.expected,
        )

    def told(self, task: Task) -> TaskView:
        """The answer: the task as it is now, as its caller may see it."""
        return self.edition.told(TaskView.of(task, self.caller))


def stepping(action: str) -> Any:
    """A dependency that gives a route its `Step`, or refuses those who may not do `action`."""

    async def step(
        community: CommunityPath,
        task_id: UUID,
        caller: Annotated[Caller, may(action)],
        edition: Edition,
    ) -> Step:
        return Step(community, task_id, caller, edition)

    return Depends(marked(step, action))
