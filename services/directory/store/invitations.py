"""One-time codes that sign a member in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from shared.database import Transaction

__all__ = [
    "Invitation",
    "UsedInvitation",
    "invitable",
    "keep_invitations",
    "use_invitation",
    "void_invitations",
    "who_has_password",
]

_KEEP = text(
    """
    INSERT INTO invitation (community, code_hash, person_id, made_by, expires_at, resets_password)
    SELECT :community, code_hash, person_id, :made_by, :expires_at, :resets_password
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:people AS uuid[])) AS one (code_hash, person_id)
    """
)
_VOID = text(
    """
    DELETE FROM invitation
    WHERE person_id = ANY(CAST(:ids AS uuid[])) AND used_at IS NULL
      AND (CAST(:community AS text) IS NULL OR community = :community)
    """
)
_USE = text(
    """
    UPDATE invitation SET used_at = :now
    FROM membership JOIN person ON person.id = membership.person_id
    WHERE invitation.code_hash = :code_hash AND used_at IS NULL AND expires_at > :now
      AND membership.community = invitation.community
      AND membership.person_id = invitation.person_id
      AND NOT membership.removed AND NOT person.removed
    RETURNING invitation.person_id, invitation.resets_password
    """
)
_INVITABLE = text(
    """
    SELECT id, EXISTS (
        SELECT FROM invitation
        WHERE community = :community AND person_id = person.id
          AND used_at IS NULL AND expires_at > :now) AS has_code
    FROM person WHERE id = ANY(CAST(:ids AS uuid[])) AND password_hash IS NULL
    """
)
_WITH_PASSWORD = text(
    "SELECT id FROM person WHERE id = ANY(CAST(:ids AS uuid[])) AND password_hash IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code as it is stored."""

    code_hash: bytes
    person_id: UUID


@dataclass(frozen=True, slots=True)
class UsedInvitation:
    """Whom a code signed in, and whether it takes their old password away."""

    person_id: UUID
    resets_password: bool


async def keep_invitations(
    tx: Transaction,
    community: str,
    invitations: Sequence[Invitation],
    *,
    made_by: UUID,
    expires_at: datetime,
    resets_password: bool = False,
) -> None:
    """Store the codes of members."""
    await tx.execute(
        _KEEP,
        {
            "community": community,
            "hashes": [one.code_hash for one in invitations],
            "people": [one.person_id for one in invitations],
            "made_by": made_by,
            "expires_at": expires_at,
            "resets_password": resets_password,
        },
    )


async def void_invitations(
    tx: Transaction, people: Sequence[UUID], *, community: str | None = None
) -> None:
    """Make the open codes of people worthless: one community's, or in all the transaction sees."""
    if people:
        await tx.execute(_VOID, {"ids": list(people), "community": community})


async def use_invitation(
    tx: Transaction, code_hash: bytes, *, now: datetime
) -> UsedInvitation | None:
    """Use a code up; whose it is, or None. Of several at once one succeeds."""
    found = await tx.execute(_USE, {"code_hash": code_hash, "now": now})
    row = found.one_or_none()
    return UsedInvitation(**row) if row else None


async def invitable(
    tx: Transaction, community: str, ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, bool]:
    """Who of `ids` has no password, each with whether a code of this community is open."""
    found = await tx.execute(_INVITABLE, {"community": community, "ids": list(ids), "now": now})
    return {row["id"]: row["has_code"] for row in found}


async def who_has_password(tx: Transaction, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Who of `ids` signs in by password."""
    found = await tx.execute(_WITH_PASSWORD, {"ids": list(ids)})
    return frozenset(found.scalars())
