"""From the work to the rating."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.requests import actions
from services.requests.permissions import may
from services.requests.routes.intake import change_by
from services.requests.routes.views import Rating, Reason, RequestView, Verdict
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(prefix="/requests", route_class=Door)


@router.post("/{request_id}/verify")
async def verify(
    community: CommunityPath,
    request_id: UUID,
    verdict: Verdict,
    caller: Annotated[Caller, may("verify")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Say whether the work is good (核查); if not, it goes back to its takers (返工)."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.verify(tx, change, passed=verdict.passed, note=verdict.note)
    return edition.told(RequestView.of(request, caller))


@router.post("/{request_id}/close")
async def close(
    community: CommunityPath,
    request_id: UUID,
    caller: Annotated[Caller, may("close")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Confirm that it is done (结案); its takers earn their points."""
    change = change_by(caller, community, request_id, edition)
    return edition.told(RequestView.of(await actions.close(tx, change), caller))


@router.post("/{request_id}/rate")
async def rate(
    community: CommunityPath,
    request_id: UUID,
    rating: Rating,
    caller: Annotated[Caller, may("rate")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Say how it went, 1 to 5, once a cycle."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.rate(tx, change, stars=rating.stars, note=rating.note)
    return edition.told(RequestView.of(request, caller))


@router.post("/{request_id}/reopen")
async def reopen(
    community: CommunityPath,
    request_id: UUID,
    reopening: Reason,
    caller: Annotated[Caller, may("reopen")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Not solved: open it again, within seven days, for its last takers."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.reopen(tx, change, reason=reopening.reason)
    return edition.told(RequestView.of(request, caller))
