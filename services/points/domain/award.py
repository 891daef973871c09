"""What closing earns and reopening takes back, as bookings of a double-entry ledger.

The two commute. An award has the key request, cycle, taker and rule: whichever of closing and
reopening comes first, and however often, the ledger ends the same.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.points.domain.account import Owner, OwnerKind, issuer
from services.points.domain.rule import Rulebook, RuleUnknown
from shared.events import PointsAwarded, PointsReversed, RequestClosed, RequestReopened, Taker
from shared.events.points import AwardEvent

NewId = Callable[[], UUID]


class Status(StrEnum):
    """Where an award stands."""

    STANDING = "standing"
    REVERSED = "reversed"


class Kind(StrEnum):
    """What a transfer books."""

    AWARD = "award"
    REVERSAL = "reversal"


class Cycle(NamedTuple):
    """One cycle of a request: what closing settles and reopening undoes."""

    community: str
    request_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Award:
    """What one taker earned by one closing."""

    id: UUID
    cycle: Cycle
    taker: Taker
    rule: str
    rule_version: int
    points: int
    service_minutes: int
    status: Status
    awarded_at: datetime

    @property
    def holder(self) -> Owner:
        """Whose account gets the points."""
        return Owner(self.cycle.community, OwnerKind(self.taker.kind), self.taker.id)

    @property
    def issuer(self) -> Owner:
        """The issuer's row that gives them, found from the award's key."""
        key = self.cycle.request_id.int + self.cycle.number + self.taker.id.int
        return issuer(self.cycle.community, key)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Points that go from one account (debit) to another (credit); never changed afterwards."""

    id: UUID
    debit: Owner
    credit: Owner
    amount: int
    kind: Kind
    award_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """An award as it stands now, the transfers that book it, and what to tell."""

    award: Award
    transfers: tuple[Transfer, ...]
    events: tuple[AwardEvent, ...]

    @property
    def accounts(self) -> tuple[Owner, Owner]:
        """Whose balances change."""
        return self.award.holder, self.award.issuer


def cycle_of(closing: RequestClosed) -> Cycle:
    """The cycle that a closing settles."""
    return Cycle(closing.community, closing.request_id, closing.cycle)


def cycle_undone(reopening: RequestReopened) -> Cycle:
    """The cycle whose closing a reopening undoes."""
    return Cycle(reopening.community, reopening.request_id, reopening.closed_cycle)


def settle(
    closings: Iterable[RequestClosed],
    rules: Rulebook,
    *,
    reopened: Collection[Cycle],
    new_id: NewId,
    now: datetime,
) -> list[Settlement]:
    """What `closings` earn by the rules in force when they closed.

    In a cycle of `reopened` the reopening came first: its award is booked and taken back at once.
    Raises RuleUnknown.
    """
    settled: dict[tuple[Cycle, Taker, str], Settlement] = {}
    for closing in closings:
        for award in _earned(closing, rules, new_id, now):
            key = (award.cycle, award.taker, award.rule)
            if key not in settled:
                booked = _book_award(award, new_id, closing.event_id)
                if award.cycle in reopened:
                    booked = _and_reversal(booked, new_id, closing.event_id, now)
                settled[key] = booked
    return list(settled.values())


def reverse(
    awards: Iterable[Award],
    reopenings: Iterable[RequestReopened],
    *,
    new_id: NewId,
    now: datetime,
) -> list[Settlement]:
    """Take standing awards back, each because of the reopening of its cycle."""
    causes = {cycle_undone(one): one.event_id for one in reopenings}
    return [
        _and_reversal(Settlement(award, (), ()), new_id, causes[award.cycle], now)
        for award in awards
    ]


def cycle_awarded(told: AwardEvent) -> Cycle:
    """The cycle that an award is for."""
    return Cycle(told.community, told.request_id, told.cycle)


def awarded(
    told: PointsAwarded, closing: RequestClosed | None, rules: Rulebook, *, new_id: NewId
) -> Settlement:
    """The award that was told of, as it was booked: nobody is told again.

    Of a closing that is lost the minutes are unknown (0), of a rule that is lost the version (1).
    """
    at = closing.occurred_at if closing else told.occurred_at
    try:
        rule_version = rules.in_force(told.community, told.rule, at).version
    except RuleUnknown:
        rule_version = 1
    award = Award(
        id=told.award_id,
        cycle=cycle_awarded(told),
        taker=told.taker,
        rule=told.rule,
        rule_version=rule_version,
        points=told.points,
        service_minutes=_minutes_of_takers(closing).get(told.taker, 0) if closing else 0,
        status=Status.STANDING,
        awarded_at=told.occurred_at,
    )
    return replace(_book_award(award, new_id, told.event_id), events=())


def taken_back(award: Award, told: PointsReversed, *, new_id: NewId) -> Settlement:
    """The reversal that was told of, as it was booked: nobody is told again."""
    reversal = _and_reversal(Settlement(award, (), ()), new_id, told.event_id, told.occurred_at)
    return replace(reversal, events=())


def _earned(
    closing: RequestClosed, rules: Rulebook, new_id: NewId, now: datetime
) -> Iterable[Award]:
    """The award of each taker who gets any points."""
    if closing.points_rule is None:
        return
    rule = rules.in_force(closing.community, closing.points_rule, closing.occurred_at)
    for taker, service_minutes in _minutes_of_takers(closing).items():
        if points := rule.terms.points(service_minutes):
            yield Award(
                id=new_id(),
                cycle=cycle_of(closing),
                taker=taker,
                rule=rule.code,
                rule_version=rule.version,
                points=points,
                service_minutes=service_minutes,
                status=Status.STANDING,
                awarded_at=now,
            )


def _minutes_of_takers(closing: RequestClosed) -> dict[Taker, int]:
    """What each taker did: one for whom several people worked earns once, for all the minutes."""
    minutes: dict[Taker, int] = {}
    for work in closing.work:
        minutes[work.taker] = minutes.get(work.taker, 0) + work.service_minutes
    return minutes


def _book_award(award: Award, new_id: NewId, caused_by: UUID) -> Settlement:
    """From the issuer to the holder."""
    booked = Transfer(
        id=new_id(),
        debit=award.issuer,
        credit=award.holder,
        amount=award.points,
        kind=Kind.AWARD,
        award_id=award.id,
        occurred_at=award.awarded_at,
    )
    told = _tell(PointsAwarded, award, version=1, caused_by=caused_by, now=award.awarded_at)
    return Settlement(award, (booked,), (told,))


def _and_reversal(
    settlement: Settlement, new_id: NewId, caused_by: UUID, now: datetime
) -> Settlement:
    """From the holder back to the issuer, after what `settlement` books."""
    award = replace(settlement.award, status=Status.REVERSED)
    back = Transfer(
        id=new_id(),
        debit=award.holder,
        credit=award.issuer,
        amount=award.points,
        kind=Kind.REVERSAL,
        award_id=award.id,
        occurred_at=now,
    )
    told = _tell(PointsReversed, award, version=2, caused_by=caused_by, now=now)
    return Settlement(award, (*settlement.transfers, back), (*settlement.events, told))


def _tell[E: AwardEvent](
    event: type[E], award: Award, *, version: int, caused_by: UUID, now: datetime
) -> E:
    return event(
        community=award.cycle.community,
        occurred_at=now,
        version=version,
        caused_by=caused_by,
        award_id=award.id,
        request_id=award.cycle.request_id,
        cycle=award.cycle.number,
        taker=award.taker,
        rule=award.rule,
        points=award.points,
    )
