"""When a request is due, and the days of the neighbourhood."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.requests import domain
from services.requests.domain import Category, ServiceRequest
from services.requests.domain.deadline import deadline, due_at
from shared.events import Taker, TaskCompleted, Work

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=30)
CATEGORY = Category("wh", "repair", "维修", "Repairs", "standard", "public", "note", 48)
REQUESTER, STAFF, HELPER = uuid4(), uuid4(), uuid4()
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone comes with it


def submitted(category: Category = CATEGORY) -> ServiceRequest:
    return domain.submit(
        category, request_id=uuid4(), number="WH-2026-000001", description="灯不亮",
        place_id=uuid4(), requester_id=REQUESTER, filed_by=REQUESTER, now=NOW,
    )[0]  # fmt: skip


def resolved(request: ServiceRequest, version: int) -> ServiceRequest:
    taker = Taker(kind="person", id=HELPER)
    work = (Work(taker=taker, person_id=HELPER, service_minutes=9),)
    step = TaskCompleted(
        community="wh", occurred_at=LATER, version=version, task_id=uuid4(),
        request_id=request.id, cycle=request.cycle, work=work, under_way=True,
    )  # fmt: skip
    followed = domain.follow_task(request, step, now=LATER)
    assert followed
    return followed[0]


def test_the_clock_runs_from_registering_and_nothing_but_a_reopening_winds_it() -> None:
    asked = submitted()
    assert (asked.registered_at, asked.due_soon_at, asked.due_at) == (None, None, None)
    request, _ = domain.register(asked, now=NOW)
    clock = (NOW, NOW + timedelta(hours=38.4), NOW + timedelta(hours=48))
    for step in (
        lambda one: domain.put_on_list(one, takers_wanted=None, now=LATER)[0],
        lambda one: domain.dispatch(one, taker=Taker(kind="person", id=HELPER), now=LATER)[0],
        lambda one: resolved(one, 2),
        lambda one: domain.verify(one, by=STAFF, passed=False, now=LATER)[0],
        lambda one: resolved(one, 3),
        lambda one: domain.close(one, by=REQUESTER, is_staff=False, now=LATER)[0],
    ):
        assert (request.registered_at, request.due_soon_at, request.due_at) == clock
        request = step(request)
    reopened, _ = domain.reopen(request, by=REQUESTER, is_staff=False, now=LATER)
    assert reopened.due_at == LATER + timedelta(hours=48)
    assert reopened.registered_at == NOW


def test_a_category_without_a_limit_makes_nothing_due() -> None:
    request, _ = domain.register(submitted(replace(CATEGORY, limit_hours=None)), now=NOW)
    assert (request.registered_at, request.due_soon_at, request.due_at) == (NOW, None, None)


def test_what_is_settled_on_the_spot_is_taken_in_and_has_no_clock_before_it_is_reopened() -> None:
    _, closed, _ = domain.settle_on_the_spot(submitted(), by=STAFF, service_minutes=5, now=NOW)
    assert (closed.registered_at, closed.due_at) == (NOW, None)
    reopened, _ = domain.reopen(closed, by=REQUESTER, is_staff=False, now=LATER)
    assert reopened.due_at == LATER + timedelta(hours=48)


@given(MOMENTS, st.integers(1, 8784))
def test_it_is_due_soon_before_it_is_due(registered_at: datetime, limit_hours: int) -> None:
    clock = deadline(registered_at, limit_hours)
    assert clock["due_soon_at"]
    assert clock["due_at"]
    assert registered_at < clock["due_soon_at"] < clock["due_at"]
    assert clock["due_at"] - registered_at == timedelta(hours=limit_hours)
    assert due_at(registered_at, limit_hours) == clock["due_at"]


@pytest.mark.parametrize(
    ("now", "began"),
    [
        ("2026-11-21T15:59:59+00:00", "2026-11-20T16:00:00+00:00"),
        ("2026-11-21T16:00:00+00:00", "2026-11-21T16:00:00+00:00"),
        ("2026-12-31T18:30:00+00:00", "2026-12-31T16:00:00+00:00"),
    ],
)
def test_a_day_begins_at_midnight_in_the_neighbourhood(now: str, began: str) -> None:
    assert domain.start_of_day(datetime.fromisoformat(now)) == datetime.fromisoformat(began)
