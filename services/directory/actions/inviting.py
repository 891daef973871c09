"""Inviting members: codes that sign them in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.directory import domain, store
from services.directory.actions import secret
from services.directory.actions.people import Deciding
from services.directory.domain import Inviting
from services.directory.domain.sign_in import INVITATION
from services.directory.store import Invitation
from shared import clock
from shared.database import Transaction
from shared.problems import NotFound, UnknownId

__all__ = ["NewCode", "invite", "invite_many"]


@dataclass(frozen=True, slots=True)
class NewCode:
    """A one-time code that signs a member in, and until when."""

    person_id: UUID
    code: str
    expires_at: datetime


async def invite(
    tx: Transaction, deciding: Deciding, person_id: UUID, *, resets: bool = False
) -> NewCode:
    """A code for one member; it voids those made before, in all communities.

    `resets`: when it is used, the person's password and sign-ins end.
    Raises NotFound, TrustedRole, BelongsElsewhere, HasPassword, ResetNotAllowed.
    """
    try:
        (code,) = await _invite(tx, deciding, [person_id], resets=resets)
    except UnknownId:
        raise NotFound from None
    return code


async def invite_many(tx: Transaction, deciding: Deciding, people: Sequence[UUID]) -> list[NewCode]:
    """Codes anew for members, for all or nobody; whoever has a password needs none, and gets none.

    Raises UnknownId, TrustedRole, BelongsElsewhere.
    """
    settled = await store.who_has_password(tx, people)
    return await _invite(tx, deciding, [one for one in people if one not in settled], resets=False)


async def _invite(
    tx: Transaction, deciding: Deciding, people: Sequence[UUID], *, resets: bool
) -> list[NewCode]:
    """The members are locked, so their rights and passwords stay what they are checked for."""
    members = await store.load_members(tx, deciding.community, people)
    elsewhere = await store.who_belongs_elsewhere(tx, deciding.community, people)
    settled = await store.who_has_password(tx, people)
    for one in people:
        if one not in members or members[one].membership.removed:
            raise UnknownId("person_ids")
        inviting = Inviting(
            elsewhere=one in elsewhere,
            has_password=one in settled,
            is_operator=deciding.is_operator,
            resets=resets,
        )
        domain.require_invitable(members[one], inviting, granting=deciding.granting)
    expires_at = clock.now() + INVITATION
    codes = [NewCode(one, secret.new_code(), expires_at) for one in people]
    await store.void_invitations(tx, people)
    await store.keep_invitations(
        tx,
        deciding.community,
        [Invitation(secret.code_hash(one.code), one.person_id) for one in codes],
        made_by=deciding.by,
        expires_at=expires_at,
        resets_password=resets,
    )
    return codes
