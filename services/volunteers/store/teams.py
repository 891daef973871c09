"""Teams and their members."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.volunteers.domain import Team
from shared.database import Row, Transaction
from shared.problems import NotFound, StaleVersion

__all__ = ["load_team", "read_team", "save_team", "teams"]

_TEAM: Final = """
    SELECT team.*, ARRAY(
        SELECT person_id FROM team_member
        WHERE team_member.community = :community AND team_id = team.id
        ORDER BY person_id) AS member_ids
    FROM team WHERE community = :community
"""
_LOCK = text("SELECT version FROM team WHERE community = :community AND id = :id FOR UPDATE")
_READ = text(f"{_TEAM} AND id = :id")
_TEAMS = text(
    f"{_TEAM} AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit + 1"
)
_SAVE = text(
    """
    INSERT INTO team (community, id, title, kind, skills, leader_id, version, created_at,
                      updated_at)
    VALUES (:community, :id, :title, :kind, :skills, :leader_id, :version, :created_at,
            :updated_at)
    ON CONFLICT (community, id) DO UPDATE SET
        title = excluded.title, kind = excluded.kind, skills = excluded.skills,
        leader_id = excluded.leader_id, version = excluded.version,
        updated_at = excluded.updated_at
    """
)
_DROP_MEMBERS = text(
    """
    DELETE FROM team_member
    WHERE community = :community AND team_id = :id
      AND person_id <> ALL(CAST(:member_ids AS uuid[]))
    """
)
_ADD_MEMBERS = text(
    """
    INSERT INTO team_member (community, team_id, person_id)
    SELECT :community, :id, person_id FROM unnest(CAST(:member_ids AS uuid[])) AS person_id
    ON CONFLICT DO NOTHING
    """
)


async def load_team(
    tx: Transaction, community: str, team_id: UUID, *, expected: int | None
) -> Team:
    """A team to change, locked. Raises NotFound, StaleVersion."""
    rows = await tx.execute(_LOCK, {"community": community, "id": team_id})
    version = rows.scalar_one_or_none()
    if version is not None and expected not in {None, version}:
        raise StaleVersion
    return await read_team(tx, community, team_id)


async def read_team(tx: Transaction, community: str, team_id: UUID) -> Team:
    """A team with its members. Raises NotFound."""
    rows = await tx.execute(_READ, {"community": community, "id": team_id})
    row = rows.one_or_none()
    if row is None:
        raise NotFound
    return _team(row)


async def teams(tx: Transaction, community: str, *, after: UUID | None, limit: int) -> list[Team]:
    """Teams, newest first; one more than `limit` when there are more."""
    rows = await tx.execute(_TEAMS, {"community": community, "after": after, "limit": limit})
    return [_team(row) for row in rows]


async def save_team(tx: Transaction, team: Team) -> None:
    """Store a new team, or the next version of one that `load_team` has locked."""
    values = {
        "community": team.community,
        "id": team.id,
        "title": team.title,
        "kind": team.kind,
        "skills": list(team.skills),
        "leader_id": team.leader_id,
        "version": team.version,
        "created_at": team.created_at,
        "updated_at": team.updated_at,
    }
    members = {"community": team.community, "id": team.id, "member_ids": list(team.member_ids)}
    await tx.execute(_SAVE, values)
    await tx.execute(_DROP_MEMBERS, members)
    await tx.execute(_ADD_MEMBERS, members)


def _team(row: Row) -> Team:
    values: dict[str, Any] = dict(row)
    values["skills"] = tuple(values["skills"])
    values["member_ids"] = tuple(values["member_ids"])
    return Team(**values)
