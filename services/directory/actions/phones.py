"""Phones in full: shown, or found by, one at a time, and never without a trace."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.directory import store
from services.directory.domain import Member, phone_wanted
from services.directory.store import PeopleSearch, Reveal
from shared import clock, ids
from shared.database import Transaction
from shared.patience import mark
from shared.problems import NotFound

__all__ = ["find_people", "reveal_phone"]

UNKNOWN_NUMBERS: Final = 60
"""So many callers whom nobody knows are a busy quarter of an hour; more of them is guessing."""

BY_NUMBER: Final = "按完整号码查找 · found by the whole number"
"""What the record of a phone says for a search that found its owner."""


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


async def find_people(tx: Transaction, wanted: PeopleSearch, *, by: UUID) -> Sequence[Member]:
    """Members as `wanted`; one more than its limit when there are more.

    Whoever finds somebody by a whole number knows it to be theirs: that goes into the same record
    as a phone that is shown. Numbers of nobody are counted, and too many make the next one wait.
    Raises TooManyAttempts.
    """
    numbers = phone_wanted(wanted.words or "").whole
    if not numbers:
        return await store.people(tx, wanted)
    now, searcher = clock.now(), mark("phone", str(by))
    await store.attempts.require_patience(tx, searcher, free_tries=UNKNOWN_NUMBERS, now=now)
    found = await store.people(tx, wanted)
    owners = [one.person.id for one in found if one.person.phone in numbers]
    for owner in owners:
        reveal = Reveal(wanted.community, ids.new_id(), owner, by, BY_NUMBER, at=now)
        await store.keep_reveal(tx, reveal)
    if not owners:
        await store.attempts.count(tx, searcher, now=now)
    return found
