"""Showing a phone in full: one at a time, and never without a trace."""

from uuid import UUID

from services.directory import store
from services.directory.store import Reveal
from shared import clock, ids
from shared.database import Transaction
from shared.problems import NotFound

__all__ = ["reveal_phone"]


class NoPhone(NotFound):
    """This member has no phone here."""

    zh = "此人没有登记电话。"
    en = "No phone of this person is known."


async def reveal_phone(
    tx: Transaction, community: str, person_id: UUID, *, to: UUID, reason: str
) -> str:
    """The phone of a member; who asked and why is recorded in the same transaction.

    Raises NotFound, NoPhone.
    """
    member = (await store.load_members(tx, community, [person_id])).get(person_id)
    if member is None or member.membership.removed:
        raise NotFound
    if member.person.phone is None:
        raise NoPhone
    await store.keep_reveal(
        tx, Reveal(community, ids.new_id(), person_id, to, reason, at=clock.now())
    )
    return member.person.phone
