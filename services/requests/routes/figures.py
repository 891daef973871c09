"""Figures of a community, for its desk, for its operator and for a district's dashboard."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.requests import store
from services.requests.permissions import may
from services.requests.store import Figures, Period
from shared import clock
from shared.door import Door, PlatformTx, Tx
from shared.fields import CommunityPath

__all__ = ["platform", "router"]

router = APIRouter(prefix="/stats", route_class=Door)
platform = APIRouter(prefix="/stats", route_class=Door)

Days = Annotated[int, Query(ge=1, le=366, description="How many days back the rates look.")]
Grid = Annotated[UUID | None, Query(description="Of this place and whatever lies in it.")]


class Rate(BaseModel):
    """A share, with what it was counted from (`DOMAIN.md` §6 rule 7)."""

    numerator: int
    denominator: int
    rate: float | None = Field(description="Between 0 and 1; null: there was nothing to count.")

    @classmethod
    def of(cls, numerator: int, denominator: int) -> "Rate":
        """The share of `numerator` in `denominator`."""
        rate = numerator / denominator if denominator else None
        return cls(numerator=numerator, denominator=denominator, rate=rate)


class Overview(BaseModel):
    """What a district's dashboard reads (`DOMAIN.md` §3.2); days are those of Asia/Shanghai.

    Every request ever submitted is pending, processing, solved, rejected or cancelled.
    """

    processing: int = Field(
        description="处理中: taken in and neither closed nor cancelled, also what is resolved and "
        "waits for confirmation."
    )
    added_today: int = Field(description="今日新增: submitted since midnight.")
    solved_today: int = Field(description="今日办结: closed since midnight, and not reopened.")
    pending: int = Field(description="待受理: submitted, and nobody has taken it in or refused it.")
    total_case: int = Field(description="累计上报: ever submitted, whatever came of it.")
    total_accepted: int = Field(
        description="累计受理: ever taken in (registered), or settled on the spot."
    )
    total_solved: int = Field(description="累计办结: closed, confirmed or not, and not reopened.")
    on_time_completion_rate: Rate = Field(
        description="按时办结率: of the requests that were due in the last `days`, but those that "
        "were rejected or cancelled, how many were resolved by then and have been verified or "
        "confirmed (what closed by itself was not). A reopened request counts by its new clock, "
        "one without a limit not at all."
    )
    satisfaction_rate: Rate = Field(
        description="满意率: of the requests that were closed in the last `days` and rated, how "
        "many got 4 or 5. One that was reopened counts when it is closed again."
    )

    @classmethod
    def of(cls, counted: Figures) -> "Overview":
        """The overview of counted figures."""
        return cls(**_fields(counted))


class CommunityOverview(Overview):
    """The same of one community among all."""

    community: str
    title: str


class GridView(BaseModel):
    """How one grid stands."""

    grid_id: UUID | None = Field(description="Null: what lies in no grid.")
    title: str | None
    open: int = Field(description="Not closed, rejected or cancelled.")
    overdue: int = Field(description="Not resolved, and the limit has passed.")
    closed: int = Field(description="Closed within the last `days`, and not reopened.")


@router.get("/overview", dependencies=[may("see figures")])
async def get_overview(
    community: CommunityPath, tx: Tx, grid: Grid = None, days: Days = 30
) -> Overview:
    """The figures of a community, or of one place in it."""
    counted = await store.figures(tx, community, grid=grid, period=_last(days))
    return Overview.of(counted)


@router.get("/grids", dependencies=[may("see figures")])
async def list_grids(community: CommunityPath, tx: Tx, days: Days = 30) -> list[GridView]:
    """How each grid stands, by title."""
    found = await store.figures_by_grid(tx, community, period=_last(days))
    return [GridView.model_validate(one, from_attributes=True) for one in found]


@platform.get("/overview", dependencies=[may("compare communities")])
async def compare_communities(tx: PlatformTx, days: Days = 30) -> list[CommunityOverview]:
    """The figures of every community on the platform, by slug."""
    return [
        CommunityOverview(community=slug, title=title, **_fields(counted))
        for slug, title, counted in await store.figures_of_all(tx, _last(days))
    ]


def _last(days: int) -> Period:
    now = clock.now()
    return Period(now=now, since=now - timedelta(days=days))


def _fields(counted: Figures) -> dict[str, Any]:
    """What is counted, with the rates that are made of it."""
    figures = asdict(counted)
    due, on_time, rated, satisfied = (
        figures.pop(name) for name in ("due", "on_time", "rated", "satisfied")
    )
    return figures | {
        "on_time_completion_rate": Rate.of(on_time, due),
        "satisfaction_rate": Rate.of(satisfied, rated),
    }
