"""From the work to the rating."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from services.requests import actions
from services.requests.routes.stepping import Step, stepping
from services.requests.routes.views import Rating, Reason, RequestView, SlipView, Verdict
from shared.door import Door, Tx, UnkeptTx

__all__ = ["router"]

router = APIRouter(prefix="/requests", route_class=Door)


@router.post("/{request_id}/verify")
async def verify(
    step: Annotated[Step, stepping("verify")], verdict: Verdict, tx: Tx
) -> RequestView:
    """Say whether the work is good (核查); if not, it goes back to its takers (返工)."""
    return step.told(
        await actions.verify(tx, step.change, passed=verdict.passed, note=verdict.note)
    )


@router.post("/{request_id}/close")
async def close(step: Annotated[Step, stepping("close")], tx: Tx) -> RequestView:
    """Confirm that it is done (结案); its takers earn their points."""
    return step.told(await actions.close(tx, step.change))


@router.post("/{request_id}/rate")
async def rate(step: Annotated[Step, stepping("rate")], rating: Rating, tx: Tx) -> RequestView:
    """Say how it went, 1 to 5, once a cycle."""
    return step.told(await actions.rate(tx, step.change, stars=rating.stars, note=rating.note))


@router.post("/{request_id}/reopen")
async def reopen(
    step: Annotated[Step, stepping("reopen")], reopening: Reason, tx: Tx
) -> RequestView:
    """Not solved: open it again, within seven days, for its last takers."""
    return step.told(await actions.reopen(tx, step.change, reason=reopening.reason))


@router.post("/{request_id}/not-solved")
async def say_not_solved(
    step: Annotated[Step, stepping("say not solved")], unsolved: Reason, tx: Tx
) -> RequestView:
    """没解决: back to its takers, or open again within seven days of the close; with a reason."""
    return step.told(await actions.say_not_solved(tx, step.change, reason=unsolved.reason))


@router.post("/{request_id}/slip", status_code=status.HTTP_201_CREATED)
async def print_slip(
    step: Annotated[Step, stepping("print a slip")], tx: UnkeptTx, response: Response
) -> SlipView:
    """Make the follow-up code of a paper slip, for whoever has no account.

    It is shown this once, and takes no Idempotency-Key: ask again, and the code before is void.
    The history tells who printed it (`slip_printed`).
    """
    response.headers["cache-control"] = "no-store"
    return SlipView.of(await actions.make_slip(tx, step.change))
