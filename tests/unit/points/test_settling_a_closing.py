"""What a closing earns and a reopening takes back, before any database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain import (
    ISSUER_SHARDS,
    Kind,
    Owner,
    OwnerKind,
    Rulebook,
    Status,
    Viewer,
    cycle_of,
    first_rules,
    require_sight,
    reverse,
    settle,
)
from services.points.domain.account import NotYourAccount
from services.points.domain.rule import RuleUnknown
from shared.events import PointsAwarded, PointsReversed, RequestClosed, RequestReopened, Taker, Work

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
RULES = Rulebook(first_rules("wenhua"))
WEI = Taker(kind="person", id=UUID(int=7))
BAKERY = Taker(kind="organisation", id=UUID(int=7))


def closing(*work: tuple[Taker, int], rule: str | None = "standard") -> RequestClosed:
    return RequestClosed(
        event_id=uuid4(), community="wenhua", occurred_at=NOW, version=9, request_id=uuid4(),
        number="WH-1", cycle=1, category="repair", requester_id=UUID(int=1), filed_by=UUID(int=1),
        closed_by=UUID(int=1), closed_as="requester", points_rule=rule,
        work=tuple(
            Work(taker=taker, person_id=WEI.id, service_minutes=minutes) for taker, minutes in work
        ),
    )  # fmt: skip


def reopening(of: RequestClosed) -> RequestReopened:
    return RequestReopened(
        event_id=uuid4(), community=of.community, occurred_at=NOW + timedelta(hours=1), version=10,
        request_id=of.request_id, number=of.number, cycle=of.cycle + 1, category=of.category,
        requester_id=of.requester_id, filed_by=of.filed_by, place_id=UUID(int=2), work=of.work,
    )  # fmt: skip


def settled(*closings: RequestClosed, reopened: bool = False) -> list:
    cycles = {cycle_of(one) for one in closings} if reopened else set()
    return settle(closings, RULES, reopened=cycles, new_id=uuid4, now=NOW)


def test_each_taker_earns_for_the_own_minutes() -> None:
    done = closing((WEI, 60), (BAKERY, 30))
    person, organisation = settled(done)
    assert (person.award.points, organisation.award.points) == (15, 10)
    assert person.award.holder == Owner("wenhua", OwnerKind.PERSON, WEI.id)
    assert organisation.award.holder == Owner("wenhua", OwnerKind.ORGANISATION, BAKERY.id)
    (told,) = person.events
    assert isinstance(told, PointsAwarded)
    assert (told.version, told.caused_by, told.points) == (1, done.event_id, 15)


def test_a_taker_for_whom_two_people_worked_earns_once_for_all_minutes() -> None:
    (one,) = settled(closing((BAKERY, 30), (BAKERY, 30)))
    assert (one.award.service_minutes, one.award.points) == (60, 15)


def test_without_a_rule_nothing_is_earned() -> None:
    assert settled(closing((WEI, 60), rule=None)) == []


def test_an_unknown_rule_waits() -> None:
    with pytest.raises(RuleUnknown):
        settled(closing((WEI, 60), rule="festival"))


def test_the_same_closing_twice_in_a_batch_earns_once() -> None:
    done = closing((WEI, 60))
    again = done.model_copy(update={"event_id": uuid4()})
    (one,) = settled(done, again)
    assert one.events[0].caused_by == done.event_id


def test_a_closing_after_its_reopening_books_both_at_once() -> None:
    (one,) = settled(closing((WEI, 60)), reopened=True)
    assert one.award.status is Status.REVERSED
    assert [transfer.kind for transfer in one.transfers] == [Kind.AWARD, Kind.REVERSAL]
    assert [type(event) for event in one.events] == [PointsAwarded, PointsReversed]
    assert [event.version for event in one.events] == [1, 2]


@given(minutes=st.lists(st.integers(0, 2000), min_size=1, max_size=5))
def test_a_reversal_mirrors_its_award(minutes: list[int]) -> None:
    done = closing(*((Taker(kind="person", id=uuid4()), one) for one in minutes))
    awarded = settled(done)
    undone = reopening(done)
    taken_back = reverse([one.award for one in awarded], [undone], new_id=uuid4, now=NOW)
    for there, back in zip(awarded, taken_back, strict=True):
        (award,), (reversal,) = there.transfers, back.transfers
        assert (award.debit, award.credit) == (reversal.credit, reversal.debit)
        assert award.amount == reversal.amount
        assert award.debit.kind is OwnerKind.ISSUER
        assert 0 <= award.debit.shard < ISSUER_SHARDS
        assert back.award.status is Status.REVERSED
        assert (back.events[0].caused_by, back.events[0].version) == (undone.event_id, 2)


def test_an_account_is_seen_by_its_owner_its_members_and_those_who_see_all() -> None:
    person = Owner("wenhua", OwnerKind.PERSON, WEI.id)
    organisation = Owner("wenhua", OwnerKind.ORGANISATION, BAKERY.id)
    stranger = Viewer(uuid4(), frozenset(), sees_all=False)
    member = Viewer(uuid4(), frozenset({BAKERY.id}), sees_all=False)
    require_sight(person, Viewer(WEI.id, frozenset(), sees_all=False))
    require_sight(organisation, member)
    require_sight(person, Viewer(uuid4(), frozenset(), sees_all=True))
    for owner, viewer in ((person, stranger), (person, member), (organisation, stranger)):
        with pytest.raises(NotYourAccount):
            require_sight(owner, viewer)
