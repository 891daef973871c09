"""Teams of members."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import Field

from services.volunteers import actions, store
from services.volunteers.domain import Team
from services.volunteers.permissions import may
from services.volunteers.routes.volunteers import Skills
from shared.door import Door, Edition, Tx, Versioned
from shared.fields import Code, CommunityPath, Line, Payload
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/teams", route_class=Door)


class Members(Payload):
    """Who is in a team; the leader always is."""

    leader_id: UUID
    member_ids: tuple[UUID, ...] = Field(default=(), max_length=500)


class Grouping(Members):
    """A new team."""

    title: Line = Field(examples=["银龄互助队"])
    kind: Code = Field(examples=["mutual-aid"])
    skills: Skills = ()


class TeamView(Versioned):
    """A team with its members."""

    id: UUID
    title: str
    kind: str
    skills: tuple[str, ...]
    leader_id: UUID
    member_ids: tuple[UUID, ...]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, team: Team) -> "TeamView":
        """The view of a team."""
        return cls.model_validate(team, from_attributes=True)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[may("change teams")])
async def form_team(
    community: CommunityPath, grouping: Grouping, tx: Tx, edition: Edition
) -> TeamView:
    """Form a team of members of the community."""
    team = await actions.form_team(tx, community, actions.Grouping(**grouping.model_dump()))
    return edition.told(TeamView.of(team))


@router.get("", dependencies=[may("see teams")])
async def list_teams(
    community: CommunityPath, tx: Tx, page: Annotated[PageQuery, Query()]
) -> Page[TeamView]:
    """The teams of the community, newest first."""
    found = await store.teams(tx, community, after=page.after, limit=page.limit)
    views = [TeamView.of(one) for one in found]
    return Page[TeamView].of(views, [one.id for one in found], page.limit)


@router.get("/{team_id}", dependencies=[may("see teams")])
async def get_team(community: CommunityPath, team_id: UUID, tx: Tx, edition: Edition) -> TeamView:
    """One team, with its version as `ETag`."""
    return edition.told(TeamView.of(await store.read_team(tx, community, team_id)))


@router.put("/{team_id}/members", dependencies=[may("change teams")])
async def change_members(
    community: CommunityPath, team_id: UUID, members: Members, tx: Tx, edition: Edition
) -> TeamView:
    """Give the team these members, and no others."""
    team = await actions.change_members(
        tx,
        community,
        team_id,
        leader_id=members.leader_id,
        member_ids=members.member_ids,
        expected=edition.expected,
    )
    return edition.told(TeamView.of(team))
