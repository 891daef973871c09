"""What every step on a request begins and ends with: who does it, on which one, and the answer."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from services.requests import actions
from services.requests.domain import ServiceRequest
from services.requests.permissions import may
from services.requests.routes.views import RequestView
from shared.door import Edition
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.permissions import STAFF, marked

__all__ = ["Step", "stepping"]


@dataclass(frozen=True, slots=True)
class Step:
    """A caller about to change a request."""

    caller: Caller
    change: actions.Change
    edition: Edition

    def told(self, request: ServiceRequest) -> RequestView:
        """The answer: the request as it is now, as its caller may see it."""
        return self.edition.told(RequestView.of(request, self.caller))


def stepping(action: str) -> Any:
    """A dependency that gives a route its `Step`, or refuses those who may not do `action`."""

    async def step(
        community: CommunityPath,
        request_id: UUID,
        caller: Annotated[Caller, may(action)],
        edition: Edition,
    ) -> Step:
        is_staff = bool(caller.roles_in(community) & STAFF)
        change = actions.Change(
            community, request_id, caller.person_id, is_staff=is_staff, expected=edition.expected
        )
        return Step(caller, change, edition)

    return Depends(marked(step, action))
