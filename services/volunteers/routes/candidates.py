"""Whom staff could ask (派单)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.volunteers import store
from services.volunteers.permissions import may
from shared.door import Door, Tx
from shared.events import Taker
from shared.fields import Code, CommunityPath

__all__ = ["router"]

router = APIRouter(route_class=Door)


class Wanted(BaseModel):
    """For what somebody is wanted."""

    skill: Code | None = Field(default=None, description="As a rule the request's category.")
    among: list[UUID] = Field(
        default_factory=list[UUID], max_length=100, description="Only these, as found by name."
    )
    without: list[UUID] = Field(
        default_factory=list[UUID], max_length=20, description="Whoever asked or filed it."
    )
    limit: int = Field(default=10, ge=1, le=50, description="How many people, and organisations.")


class CandidateView(BaseModel):
    """Somebody who could take a request, and why they stand where they stand."""

    taker: Taker
    skills: tuple[str, ...]
    is_skilled: bool
    is_volunteer: bool = Field(description="And not one of the staff, or of an organisation.")
    tasks_held: int = Field(description="Held or offered now.")
    last_served_at: datetime | None

    @classmethod
    def of(cls, candidate: store.Candidate) -> "CandidateView":
        """The view of a candidate."""
        return cls.model_validate(candidate, from_attributes=True)


@router.get("/candidates", dependencies=[may("see volunteers")])
async def list_candidates(
    community: CommunityPath, tx: Tx, wanted: Annotated[Wanted, Query()]
) -> list[CandidateView]:
    """People, then organisations: skilled first, then volunteers, then who has least to do."""
    search = store.CandidateSearch(community, **wanted.model_dump())
    return [CandidateView.of(one) for one in await store.candidates(tx, search)]
