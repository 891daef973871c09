"""The use cases of the points service: load, decide, save, tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.points import domain, store
from services.points.domain import Account, Owner, OwnerKind, Rule, Settlement, Terms, Viewer
from shared import clock, ids, neighbourhood
from shared.database import Transaction
from shared.events import Event, PointsAwarded, PointsReversed, RequestClosed, RequestReopened
from shared.events.points import AwardEvent
from shared.problems import NotFound, StaleVersion

__all__ = [
    "NewTerms",
    "adopt",
    "award",
    "change_rule",
    "open_ledgers",
    "reverse",
    "rules",
    "see_account",
    "see_statement",
]


@dataclass(frozen=True, slots=True)
class NewTerms:
    """The terms a rule is to have, from when (None: now), after which version (None: any)."""

    community: str
    code: str
    terms: Terms
    valid_from: datetime | None = None
    expected: int | None = None


async def award(tx: Transaction, closings: Sequence[RequestClosed]) -> None:
    """Book what `closings` earn, each award once. Raises RuleUnknown for the whole batch."""
    earning = [one for one in closings if one.points_rule is not None]
    if not earning:
        return
    reopened = await store.mark_closed(tx, map(domain.cycle_of, earning))
    rules = await store.rulebook(tx, [(one.community, one.points_rule or "") for one in earning])
    settled = domain.settle(earning, rules, reopened=reopened, new_id=ids.new_id, now=clock.now())
    accounts = await _lock_accounts(tx, settled)
    new = await store.add_awards(tx, [one.award for one in settled], accounts)
    await _book(tx, [one for one in settled if one.award.id in new], accounts)


async def reverse(tx: Transaction, reopenings: Sequence[RequestReopened]) -> None:
    """Take back what the closings of the reopened cycles earned, also those yet to arrive."""
    cycles = [domain.cycle_undone(one) for one in reopenings]
    await store.mark_reopened(tx, cycles)
    standing = await store.standing_awards(tx, cycles)
    settled = domain.reverse(standing, reopenings, new_id=ids.new_id, now=clock.now())
    accounts = await _lock_accounts(tx, settled)
    await store.mark_reversed(tx, standing)
    await _book(tx, settled, accounts)


async def adopt(tx: Transaction, told: Sequence[AwardEvent], around: Sequence[Event]) -> int:
    """Book again what was told and this database does not know (a restored backup).

    `around` holds the closings that earned it. Tells nothing: all of it has been told.
    How many events could not be used: reversals of awards that were told before the streams begin.
    """
    closings: dict[UUID | None, RequestClosed] = {
        one.event_id: one for one in around if isinstance(one, RequestClosed)
    }
    earned = [one for one in told if isinstance(one, PointsAwarded)]
    if earned:
        await store.mark_closed(tx, map(domain.cycle_awarded, earned))
        rules = await store.rulebook(tx, [(one.community, one.rule) for one in earned])
        settled = [
            domain.awarded(one, closings.get(one.caused_by), rules, new_id=ids.new_id)
            for one in earned
        ]
        accounts = await _lock_accounts(tx, settled)
        new = await store.add_awards(tx, [one.award for one in settled], accounts)
        await _book(tx, [one for one in settled if one.award.id in new], accounts)
    undone = {one.award_id: one for one in told if isinstance(one, PointsReversed)}
    return len(undone) - await _take_back(tx, undone)


async def open_ledgers(tx: Transaction, communities: Sequence[str]) -> None:
    """Give new communities the rules they start with; what they have changed since stays."""
    rules = [rule for one in sorted(communities) for rule in domain.first_rules(one)]
    if rules:
        await store.seed_rules(tx, rules)


async def change_rule(tx: Transaction, new: NewTerms) -> Rule:
    """Make the next version of a rule. Raises StaleVersion and StartNotPossible."""
    last = await store.last_rule(tx, new.community, new.code)
    if new.expected not in {None, last.version if last else None}:
        raise StaleVersion
    rule = domain.next_version(
        new.community, new.code, last, new.terms, valid_from=new.valid_from, now=clock.now()
    )
    await store.add_rule(tx, rule)
    return rule


async def rules(tx: Transaction, community: str) -> list[Rule]:
    """The rules that are in force now or will be."""
    return await store.rules(tx, community, clock.now())


async def see_account(tx: Transaction, owner: Owner, viewer: Viewer) -> Account:
    """An account, empty before its first points. Raises NotYourAccount and NotFound."""
    domain.require_sight(owner, viewer)
    account = await store.account(tx, owner)
    if account is None and not viewer.owns(owner) and not await _exists(tx, owner):
        raise NotFound
    return account or Account(owner)


async def see_statement(
    tx: Transaction, owner: Owner, viewer: Viewer, *, after: UUID | None, limit: int
) -> list[store.Line]:
    """What was booked on an account, newest first. Raises as `see_account` does."""
    account = await see_account(tx, owner, viewer)
    return await store.statement(tx, account, after=after, limit=limit)


async def _take_back(tx: Transaction, undone: Mapping[UUID, PointsReversed]) -> int:
    """Book the reversals that were told of, by the award they undo; of how many awards."""
    if not undone:
        return 0
    cycles = [domain.cycle_awarded(one) for one in undone.values()]
    await store.mark_reopened(tx, cycles)
    standing = [one for one in await store.standing_awards(tx, cycles) if one.id in undone]
    back = [domain.taken_back(one, undone[one.id], new_id=ids.new_id) for one in standing]
    accounts = await _lock_accounts(tx, back)
    await store.mark_reversed(tx, standing)
    await _book(tx, back, accounts)
    return len(back)


async def _exists(tx: Transaction, owner: Owner) -> bool:
    """Whether the neighbourhood knows the owner."""
    is_person = owner.kind is OwnerKind.PERSON
    known = neighbourhood.knows_member if is_person else neighbourhood.knows_organisation
    return await known(tx, owner.community, owner.id)


async def _lock_accounts(tx: Transaction, settled: Sequence[Settlement]) -> store.Accounts:
    """The accounts of every settlement, locked before any of them is booked."""
    if not settled:
        return {}
    return await store.lock_accounts(tx, [owner for one in settled for owner in one.accounts])


async def _book(tx: Transaction, settled: Sequence[Settlement], accounts: store.Accounts) -> None:
    """Move the points, and tell of it."""
    if not settled:
        return
    transfers = [transfer for one in settled for transfer in one.transfers]
    await store.book(tx, transfers, accounts, [event for one in settled for event in one.events])
