"""Following a request by its slip, without signing in."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.requests import actions
from services.requests.domain import Choices, Status
from services.requests.domain.slip import good_until, not_solved_until
from services.requests.permissions import may
from services.requests.routes.doors import BySlip, SlipTx
from services.requests.routes.views import Rating, Reason
from services.requests.store import Step
from shared.door import Door

__all__ = ["router"]

router = APIRouter(prefix="/follow-up", route_class=Door, dependencies=[may.anybody()])


class FollowUpStepView(BaseModel):
    """What happened and when; not who, not why."""

    kind: str
    at: datetime
    cycle: int
    via: Literal["timeout"] | None = Field(
        description="timeout: nobody answered, it closed by itself."
    )

    @classmethod
    def of(cls, step: Step) -> "FollowUpStepView":
        """The view of a step: of the ways it may have come, only that nobody did it."""
        via = "timeout" if step.via == "timeout" else None
        return cls(kind=step.kind, at=step.at, cycle=step.cycle, via=via)


class FollowUpView(BaseModel):
    """A request as its slip shows it.

    Paper gets lost, so there is nothing here that says who asked, where, or who helps. What people
    wrote is left out even where the category is public, because it names them and their doors:
    members of the community may read that, whoever finds a paper may not. Which community it is
    stands on the paper: whoever holds one can find the number to call.
    """

    community: str
    number: str
    title_zh: str = Field(description="Of its category.")
    title_en: str
    status: Status
    cycle: int
    stars: int | None
    created_at: datetime
    steps: list[FollowUpStepView]
    closes_at: datetime | None = Field(
        description="When it closes by itself, if nobody answers; none: it is not resolved."
    )
    choices: Choices = Field(description="Which buttons would do something now.")
    not_solved_until: datetime | None = Field(
        description="Until when a closed request can be opened again."
    )
    good_until: datetime | None = Field(description="When the slip ends; none: it goes on.")

    @classmethod
    def of(cls, shown: actions.FollowUp) -> "FollowUpView":
        """The view of what a slip shows."""
        request, category = shown.request, shown.category
        return cls(
            community=request.community,
            number=request.number,
            title_zh=category.title_zh,
            title_en=category.title_en,
            status=request.status,
            cycle=request.cycle,
            stars=request.stars,
            created_at=request.created_at,
            steps=[FollowUpStepView.of(one) for one in shown.steps],
            closes_at=request.closes_at,
            choices=shown.choices,
            not_solved_until=not_solved_until(request),
            good_until=good_until(request),
        )


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
