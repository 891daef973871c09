"""A slip acts for the person who asked, for as long as it opens anything."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.requests import domain
from services.requests.domain import Choices, ServiceRequest, Slip, Status
from services.requests.domain.request import NotYours, ReasonMissing
from services.requests.domain.slip import (
    SLIP_DAYS,
    SlipOfAHandler,
    TooLateForASlip,
    good_until,
    not_solved_until,
)
from shared.events import Taker, Work
from shared.problems import WrongState

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
REQUESTER, FILER, STAFF, HELPER = (uuid4() for _ in range(4))
WORK = (Work(taker=Taker(kind="person", id=HELPER), person_id=HELPER, service_minutes=30),)
REQUEST = ServiceRequest(
    id=uuid4(), community="wh", number="WH-2026-000001", category="repair", description="灯不亮",
    place_id=uuid4(), requester_id=REQUESTER, filed_by=FILER, visibility="public",
    evidence_needed="none", points_rule="standard", takers_wanted=1, created_at=NOW,
    updated_at=NOW,
)  # fmt: skip
RESOLVED = replace(REQUEST, status=Status.RESOLVED, work=WORK)
CLOSED = replace(RESOLVED, status=Status.CLOSED, closed_at=NOW, closed_as="requester")


def slip(made_by: UUID = STAFF) -> Slip:
    return Slip("wh", REQUEST.id, b"", made_by, NOW)


def test_by_the_slip_the_requester_confirms() -> None:
    closed, event = domain.confirm_by_slip(RESOLVED, slip(), now=NOW)
    assert (closed.status, closed.closed_as) == (Status.CLOSED, "requester")
    assert (event.closed_by, event.work, event.points_rule) == (REQUESTER, WORK, "standard")
    rated, told = domain.rate_by_slip(closed, slip(), stars=4, now=NOW)
    assert (rated.stars, told.rated_by) == (4, REQUESTER)


def test_not_solved_goes_back_to_the_takers_and_reopens_what_is_closed() -> None:
    verified = replace(RESOLVED, verified_by=STAFF)
    back, reworked = domain.say_not_solved_by_slip(verified, reason="还漏", now=NOW)
    assert (back.status, back.work, back.verified_by) == (Status.IN_PROGRESS, WORK, None)
    assert (back.cycle, reworked.name) == (1, "reworked")
    again, reopened = domain.say_not_solved_by_slip(CLOSED, reason="又漏", now=NOW)
    assert (again.status, again.cycle, reopened.name) == (Status.ACCEPTED, 2, "reopened")


def test_not_solved_has_a_reason_and_is_the_owners_to_say() -> None:
    with pytest.raises(ReasonMissing):
        domain.say_not_solved_by_slip(RESOLVED, reason=" \n", now=NOW)
    with pytest.raises(NotYours):
        domain.say_not_solved(RESOLVED, by=STAFF, reason="还漏", now=NOW)
    assert domain.say_not_solved(RESOLVED, by=FILER, reason="还漏", now=NOW)
    with pytest.raises(WrongState):
        domain.say_not_solved(REQUEST, by=REQUESTER, reason="还漏", now=NOW)


def test_a_slip_that_a_handler_printed_judges_nothing() -> None:
    own = slip(made_by=HELPER)
    with pytest.raises(SlipOfAHandler):
        domain.confirm_by_slip(RESOLVED, own, now=NOW)
    with pytest.raises(SlipOfAHandler):
        domain.rate_by_slip(CLOSED, own, stars=5, now=NOW)
    assert domain.choices(RESOLVED, own, now=NOW) == Choices(
        confirm=False, not_solved=True, rate=False
    )


@pytest.mark.parametrize("status", list(Status))
def test_the_buttons_are_what_the_rules_allow(status: Status) -> None:
    closed_at = NOW if status is Status.CLOSED else None
    request = replace(RESOLVED, status=status, closed_at=closed_at)
    assert domain.choices(request, slip(), now=NOW) == Choices(
        confirm=status is Status.RESOLVED,
        not_solved=status in {Status.RESOLVED, Status.CLOSED},
        rate=status is Status.CLOSED,
    )


def test_what_is_rated_or_closed_for_a_week_has_no_button_for_it() -> None:
    later = NOW + timedelta(days=7, seconds=1)
    assert not_solved_until(CLOSED) == NOW + timedelta(days=7)
    assert domain.choices(CLOSED, slip(), now=later) == Choices(
        confirm=False, not_solved=False, rate=True
    )
    assert not domain.choices(replace(CLOSED, stars=3), slip(), now=later).rate


def test_staff_and_owners_print() -> None:
    for by, is_staff in ((STAFF, True), (REQUESTER, False), (FILER, False)):
        made = domain.make_slip(REQUEST, code_hash=b"x", by=by, is_staff=is_staff, now=NOW)
        assert made == Slip("wh", REQUEST.id, b"x", by, NOW)
    with pytest.raises(NotYours):
        domain.make_slip(REQUEST, code_hash=b"x", by=HELPER, is_staff=False, now=NOW)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.REJECTED, Status.CANCELLED])
def test_a_slip_ends_a_month_after_the_request(status: Status) -> None:
    end = NOW + timedelta(days=SLIP_DAYS)
    ended = replace(REQUEST, status=status, closed_at=NOW if status is Status.CLOSED else None)
    assert good_until(ended) == end
    assert domain.opens(ended, now=end)
    after = end + timedelta(seconds=1)
    assert not domain.opens(ended, now=after)
    with pytest.raises(TooLateForASlip):
        domain.make_slip(ended, code_hash=b"x", by=STAFF, is_staff=True, now=after)


def test_while_a_request_goes_on_its_slip_does() -> None:
    assert good_until(RESOLVED) is None
    assert domain.opens(RESOLVED, now=NOW + timedelta(days=3650))


def test_rating_does_not_make_a_slip_last_longer() -> None:
    rated = replace(CLOSED, stars=5, updated_at=NOW + timedelta(days=20))
    assert good_until(rated) == NOW + timedelta(days=SLIP_DAYS)
