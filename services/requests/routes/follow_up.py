"""Following a request by its slip, without signing in."""

from fastapi import APIRouter, Response

from services.requests import actions
from services.requests.permissions import may
from services.requests.routes.doors import BySlip, SlipTx
from services.requests.routes.views import FollowUpView, Rating, Reason
from shared.door import Door

__all__ = ["router"]

router = APIRouter(prefix="/follow-up", route_class=Door, dependencies=[may.anybody()])


@router.get("/{code}")
async def get_follow_up(slip: BySlip, tx: SlipTx, response: Response) -> FollowUpView:
    """Where the request of this slip stands, and which of the buttons do something."""
    response.headers["cache-control"] = "no-store"
    return FollowUpView.of(await actions.follow_up(tx, slip))


@router.post("/{code}/confirm")
async def confirm_by_slip(slip: BySlip, tx: SlipTx) -> FollowUpView:
    """解决了: close it as the person who asked."""
    await actions.confirm_by_slip(tx, slip)
    return FollowUpView.of(await actions.follow_up(tx, slip))


@router.post("/{code}/not-solved")
async def say_not_solved_by_slip(slip: BySlip, unsolved: Reason, tx: SlipTx) -> FollowUpView:
    """没解决: back to its takers, or open again within seven days of the close; with a reason."""
    await actions.say_not_solved_by_slip(tx, slip, reason=unsolved.reason)
    return FollowUpView.of(await actions.follow_up(tx, slip))


@router.post("/{code}/rate")
async def rate_by_slip(slip: BySlip, rating: Rating, tx: SlipTx) -> FollowUpView:
    """Say how it went, 1 to 5, once a cycle."""
    await actions.rate_by_slip(tx, slip, stars=rating.stars, note=rating.note)
    return FollowUpView.of(await actions.follow_up(tx, slip))
