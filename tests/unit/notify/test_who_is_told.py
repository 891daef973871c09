"""Whom an event concerns, whatever is repeated or comes late."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify import domain
from services.notify.domain import Kind
from shared import ids
from shared.events import (
    MembershipChanged,
    PointsAwarded,
    PointsReversed,
    RequestAccepted,
    RequestClosed,
    RequestDispatched,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestResolved,
    Taker,
    Work,
)

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
REQUESTER, FILER, HELPER, OTHER = (UUID(int=number) for number in range(1, 5))
ORGANISATION = UUID(int=9)


def step(contract, *, filed_by=FILER, occurred_at=NOW, **fields):
    return contract(
        event_id=ids.new_id(),
        community="wenhua",
        occurred_at=occurred_at,
        version=1,
        request_id=UUID(int=5),
        number="WH-2026-000153",
        cycle=1,
        category="repair",
        requester_id=REQUESTER,
        filed_by=filed_by,
        **fields,
    )


def award(contract, *, taker, occurred_at=NOW):
    return contract(
        event_id=ids.new_id(),
        community="wenhua",
        occurred_at=occurred_at,
        version=1,
        award_id=UUID(int=6),
        request_id=UUID(int=5),
        cycle=1,
        taker=taker,
        rule="standard",
        points=10,
    )


def person(person_id):
    return Taker(kind="person", id=person_id)


def work_of(*people):
    return tuple(Work(taker=person(one), person_id=one, service_minutes=10) for one in people)


def told(*steps, members=None):
    calls = [call for one in steps for call in domain.calls_of(one, now=NOW)]
    return domain.address(calls, members or {})


OWNERS_STEPS: list[tuple[type, dict[str, Any], Kind]] = [
    (RequestRegistered, {}, Kind.REQUEST_REGISTERED),
    (RequestRejected, {}, Kind.REQUEST_REJECTED),
    (RequestAccepted, {"takers": (person(HELPER),)}, Kind.REQUEST_ACCEPTED),
    (RequestResolved, {"work": work_of(HELPER)}, Kind.REQUEST_RESOLVED),
    (
        RequestClosed,
        {
            "work": work_of(HELPER),
            "closed_by": REQUESTER,
            "closed_as": "requester",
            "points_rule": None,
        },
        Kind.REQUEST_CLOSED,
    ),
]


@pytest.mark.parametrize(("contract", "fields", "kind"), OWNERS_STEPS)
def test_steps_are_told_to_who_asked_and_who_filed(contract, fields, kind):
    notices = told(step(contract, **fields))
    assert [(one.recipient_id, one.call.kind) for one in notices] == [
        (REQUESTER, kind),
        (FILER, kind),
    ]
    assert [dict(one.call.details) for one in notices] == [{}, {"as_filer": 1}]


@pytest.mark.parametrize(("contract", "fields", "kind"), OWNERS_STEPS)
def test_who_filed_for_oneself_is_told_once(contract, fields, kind):
    notices = told(step(contract, filed_by=REQUESTER, **fields))
    assert [(one.recipient_id, one.call.kind) for one in notices] == [(REQUESTER, kind)]


def test_of_what_nobody_answered_both_are_told_that_it_closed_by_itself():
    closed = step(
        RequestClosed, work=work_of(HELPER), closed_by=None, closed_as="timeout", points_rule=None
    )
    assert [(one.recipient_id, one.call.kind, dict(one.call.details)) for one in told(closed)] == [
        (REQUESTER, Kind.REQUEST_CLOSED, {"unanswered": 1}),
        (FILER, Kind.REQUEST_CLOSED, {"unanswered": 1, "as_filer": 1}),
    ]


def test_a_dispatched_request_is_told_to_its_taker_only():
    dispatched = step(RequestDispatched, place_id=UUID(int=7), taker=person(HELPER))
    assert [one.recipient_id for one in told(dispatched)] == [HELPER]


def test_an_organisation_is_told_through_its_members():
    taker = Taker(kind="organisation", id=ORGANISATION)
    dispatched = step(RequestDispatched, place_id=UUID(int=7), taker=taker)
    calls = domain.calls_of(dispatched, now=NOW)
    assert domain.organisations_in(calls) == {("wenhua", ORGANISATION)}
    members = {("wenhua", ORGANISATION): [HELPER, OTHER], ("other", ORGANISATION): [FILER]}
    assert [one.recipient_id for one in domain.address(calls, members)] == [HELPER, OTHER]
    assert domain.address(calls, {}) == []


def test_a_reopened_request_is_told_to_each_who_worked_once():
    reopened = step(RequestReopened, place_id=UUID(int=7), work=work_of(OTHER, HELPER, OTHER))
    assert [one.recipient_id for one in told(reopened)] == [HELPER, OTHER]


@pytest.mark.parametrize(
    ("contract", "kind"),
    [(PointsAwarded, Kind.POINTS_AWARDED), (PointsReversed, Kind.POINTS_REVERSED)],
)
def test_points_are_told_with_their_number(contract, kind):
    (notice,) = told(award(contract, taker=person(HELPER)))
    assert (notice.recipient_id, notice.call.kind) == (HELPER, kind)
    assert notice.call.details == {"points": 10}


def membership(*roles, version=2, removed=False, occurred_at=NOW):
    return MembershipChanged(
        event_id=ids.new_id(),
        community="wenhua",
        person_id=HELPER,
        roles=roles,
        removed=removed,
        version=version,
        occurred_at=occurred_at,
    )


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ([membership("resident", "volunteer")], 2),
        ([membership("volunteer", version=3), membership("resident")], 3),
        ([membership("volunteer"), membership("resident", version=3)], None),
        ([membership("volunteer", removed=True)], None),
        ([membership("grid_worker")], None),
    ],
)
def test_the_last_change_says_who_is_a_volunteer(changes, counts):
    found = domain.newest_volunteers(changes)
    assert [one.version for one in found.values()] == ([counts] if counts else [])


def test_the_admitted_are_told_about_no_request_and_only_while_it_is_news():
    (call,) = domain.calls_to_admitted([membership("volunteer")], now=NOW)
    assert (call.to, call.kind, call.request_id) == (
        person(HELPER),
        Kind.VOLUNTEER_ADMITTED,
        None,
    )
    old = membership("volunteer", occurred_at=NOW - timedelta(hours=73))
    assert domain.calls_to_admitted([old], now=NOW) == []


@given(age=st.timedeltas(min_value=timedelta(hours=-1), max_value=timedelta(days=40)))
def test_only_the_news_of_three_days_is_told(age):
    calls = domain.calls_of(step(RequestRegistered, occurred_at=NOW - age), now=NOW)
    assert bool(calls) == (age <= timedelta(hours=72))


STEPS = [step(contract, **fields) for contract, fields, _ in OWNERS_STEPS] + [
    award(PointsAwarded, taker=Taker(kind="organisation", id=ORGANISATION)),
    award(PointsAwarded, taker=person(HELPER)),
]
MEMBERS = {("wenhua", ORGANISATION): [HELPER, FILER]}


@given(steps=st.lists(st.sampled_from(STEPS), max_size=20))
def test_repeats_and_order_change_nothing(steps):
    once = {
        one.key for one in told(*{one.event_id: one for one in steps}.values(), members=MEMBERS)
    }
    notices = told(*steps, members=MEMBERS)
    assert len(notices) == len({one.key for one in notices})
    assert {one.key for one in notices} == once
