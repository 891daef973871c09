"""The rules of a request's life, without anything around them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.requests import domain
from services.requests.domain import Category, ServiceRequest, Status
from services.requests.domain.request import (
    AlreadyRated,
    AskTheCommunity,
    HandlerMayNot,
    NotVerified,
    NotYours,
    OwnRequest,
    PrivateMatter,
    ReasonMissing,
    TooLateToReopen,
)
from shared.events import Taker, TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted, Work
from shared.problems import WrongState

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CATEGORY = Category("wh", "repair", "维修", "Repairs", "standard", "public", "note")
REQUESTER, STAFF, HELPER = uuid4(), uuid4(), uuid4()
TAKER = Taker(kind="person", id=HELPER)


def submitted() -> ServiceRequest:
    request, event = domain.submit(
        CATEGORY, request_id=uuid4(), number="WH-2026-000001", description="灯不亮",
        place_id=uuid4(), requester_id=REQUESTER, filed_by=REQUESTER, now=NOW,
    )  # fmt: skip
    assert (event.request_id, event.version, event.occurred_at) == (request.id, 1, NOW)
    return request


def listed() -> ServiceRequest:
    registered, _ = domain.register(submitted(), now=NOW)
    return domain.put_on_list(registered, takers_wanted=None, now=NOW)[0]


def work(minutes: int = 30) -> tuple[Work, ...]:
    return (Work(taker=TAKER, person_id=HELPER, service_minutes=minutes),)


def task(contract: type, version: int, request: ServiceRequest, **fields: object) -> object:
    common = {
        "community": "wh", "occurred_at": NOW, "version": version, "task_id": uuid4(),
        "request_id": request.id, "cycle": request.cycle, "work": work(0),
        "under_way": contract is not TaskClaimed,
    }  # fmt: skip
    return contract(**common | fields)


def resolved() -> ServiceRequest:
    request = listed()
    followed = domain.follow_task(request, task(TaskCompleted, 3, request, work=work()), now=NOW)
    assert followed is not None
    return followed[0]


def test_every_step_tells_the_version_it_made() -> None:
    request = submitted()
    for step in (domain.register, lambda r, now: domain.put_on_list(r, takers_wanted=2, now=now)):
        request, event = step(request, now=NOW)
        assert event.version == request.version
    assert request.takers_wanted == 2


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.SUBMITTED])
def test_only_a_new_request_is_registered(status: Status) -> None:
    with pytest.raises(WrongState):
        domain.register(replace(submitted(), status=status), now=NOW)


def test_what_was_filed_wrongly_is_taken_in_under_the_terms_of_another_category() -> None:
    safety = replace(CATEGORY, code="safety", visibility="private", limit_hours=4)
    request, event = domain.register(submitted(), category=safety, now=NOW)
    assert (request.category, request.visibility, request.due_at, event.category) == (
        "safety",
        "private",
        NOW + timedelta(hours=4),
        "safety",
    )


def test_a_refusal_has_a_reason() -> None:
    with pytest.raises(ReasonMissing):
        domain.reject(submitted(), reason="  ", now=NOW)


def test_the_owner_cancels_until_somebody_accepts_and_staff_until_the_work_is_done() -> None:
    taken = replace(listed(), status=Status.ACCEPTED)
    with pytest.raises(AskTheCommunity):
        domain.cancel(taken, by=REQUESTER, is_staff=False, now=NOW)
    assert domain.cancel(taken, by=STAFF, is_staff=True, now=NOW)[0].status is Status.CANCELLED
    with pytest.raises(NotYours):
        domain.cancel(listed(), by=HELPER, is_staff=False, now=NOW)
    with pytest.raises(WrongState):
        domain.cancel(resolved(), by=STAFF, is_staff=True, now=NOW)


def test_staff_close_only_what_another_has_verified() -> None:
    request = resolved()
    with pytest.raises(NotVerified):
        domain.close(request, by=STAFF, is_staff=True, now=NOW)
    verified, _ = domain.verify(request, by=STAFF, passed=True, now=NOW)
    closed, event = domain.close(verified, by=STAFF, is_staff=True, now=NOW)
    assert (closed.closed_as, event.points_rule, event.work) == ("verifier", "standard", work())


def test_the_requester_closes_without_waiting_for_a_verifier() -> None:
    closed, event = domain.close(resolved(), by=REQUESTER, is_staff=False, now=NOW)
    assert (closed.status, event.closed_as) == (Status.CLOSED, "requester")


WEEK = timedelta(days=7)


def silent(request: ServiceRequest) -> ServiceRequest:
    return domain.close_by_silence(request, now=NOW + WEEK)[0]


def test_after_seven_days_of_silence_it_closes_and_nobody_closed_it() -> None:
    request = resolved()
    assert request.closes_at == NOW + WEEK
    closed, event = domain.close_by_silence(request, now=NOW + WEEK)
    assert (closed.status, closed.closed_as, closed.closed_at, closed.closes_at) == (
        Status.CLOSED,
        "timeout",
        NOW + WEEK,
        None,
    )
    assert (event.closed_as, event.closed_by, event.version) == ("timeout", None, closed.version)
    assert (event.points_rule, event.work, closed.stars) == ("standard", work(), None)


def test_before_that_it_does_not() -> None:
    with pytest.raises(WrongState):
        domain.close_by_silence(resolved(), now=NOW + WEEK - timedelta(seconds=1))


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.RESOLVED])
def test_only_what_is_resolved_closes_by_itself(status: Status) -> None:
    with pytest.raises(WrongState):
        domain.close_by_silence(replace(resolved(), status=status), now=NOW + WEEK)


def test_whoever_answers_ends_the_silence() -> None:
    request = resolved()
    answers = [
        domain.close(request, by=REQUESTER, is_staff=False, now=NOW)[0],
        domain.say_not_solved(request, by=REQUESTER, reason="还漏", now=NOW)[0],
        domain.verify(request, by=STAFF, passed=False, now=NOW)[0],
    ]
    assert [one.closes_at for one in answers] == [None] * 3
    verified, _ = domain.verify(request, by=STAFF, passed=True, now=NOW)
    assert verified.closes_at == request.closes_at


def test_work_that_is_done_again_waits_seven_days_again() -> None:
    later = NOW + timedelta(days=3)
    reworked, _ = domain.verify(resolved(), by=STAFF, passed=False, now=later)
    again = domain.follow_task(
        reworked, task(TaskCompleted, 9, reworked, work=work()), now=later
    ) or pytest.fail("it counts")
    assert again[0].closes_at == later + WEEK


def test_what_closed_by_itself_is_rated_and_reopened_by_whoever_asked() -> None:
    closed, late = silent(resolved()), NOW + 2 * WEEK
    rated, event = domain.rate(closed, by=REQUESTER, stars=2, now=late)
    assert (rated.stars, event.rated_by) == (2, REQUESTER)
    reopened, _ = domain.say_not_solved(closed, by=REQUESTER, reason="还漏", now=late)
    assert (reopened.status, reopened.cycle, reopened.closed_as) == (Status.ACCEPTED, 2, None)
    with pytest.raises(TooLateToReopen):
        domain.reopen(closed, by=REQUESTER, is_staff=False, now=late + timedelta(seconds=1))


@pytest.mark.parametrize("step", ["verify", "close", "rate"])
def test_a_handler_never_judges_the_own_work(step: str) -> None:
    request = replace(resolved(), filed_by=HELPER)
    judge = {
        "verify": lambda: domain.verify(request, by=HELPER, passed=True, now=NOW),
        "close": lambda: domain.close(request, by=HELPER, is_staff=True, now=NOW),
        "rate": lambda: domain.rate(
            replace(request, status=Status.CLOSED), by=HELPER, stars=5, now=NOW
        ),
    }
    with pytest.raises(HandlerMayNot):
        judge[step]()


def test_one_rating_a_cycle() -> None:
    closed, _ = domain.close(resolved(), by=REQUESTER, is_staff=False, now=NOW)
    rated, _ = domain.rate(closed, by=REQUESTER, stars=4, now=NOW)
    with pytest.raises(AlreadyRated):
        domain.rate(rated, by=REQUESTER, stars=5, now=NOW)
    reopened, event = domain.reopen(rated, by=REQUESTER, is_staff=False, now=NOW)
    assert (reopened.stars, reopened.cycle, event.closed_cycle) == (None, 2, 1)


def test_seven_days_to_reopen() -> None:
    closed, _ = domain.close(resolved(), by=REQUESTER, is_staff=False, now=NOW)
    domain.reopen(closed, by=REQUESTER, is_staff=False, now=NOW + timedelta(days=7))
    with pytest.raises(TooLateToReopen):
        domain.reopen(closed, by=REQUESTER, is_staff=False, now=NOW + timedelta(days=7, seconds=1))


def test_on_the_spot_grants_no_points() -> None:
    _, closed, event = domain.settle_on_the_spot(submitted(), by=STAFF, service_minutes=5, now=NOW)
    assert (closed.version, event.points_rule, event.closed_as) == (3, None, "on_the_spot")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_steps_of_a_task_commute(order: tuple[int, ...]) -> None:
    request = listed()
    act = {"taker": TAKER, "person_id": HELPER}
    steps = [
        task(TaskClaimed, 1, request, **act),
        task(TaskStarted, 2, request, **act),
        task(TaskCompleted, 3, request, work=work(45)),
    ]
    told = []
    for index in order:
        followed = domain.follow_task(request, steps[index], now=NOW)
        if followed is not None:
            request, event = followed
            told.append(event)
    assert (request.status, request.work, request.task_version) == (Status.RESOLVED, work(45), 3)


@given(st.sampled_from(list(Status)), st.integers(1, 3), st.integers(1, 5))
def test_late_steps_of_a_task_change_nothing(status: Status, cycle: int, version: int) -> None:
    request = replace(listed(), status=status, cycle=2, task_version=2)
    step = task(TaskStarted, version, replace(request, cycle=cycle), taker=TAKER, person_id=HELPER)
    followed = domain.follow_task(request, step, now=NOW)
    counts = cycle == 2 and version > 2 and status in {
        Status.LISTED, Status.DISPATCHED, Status.ACCEPTED, Status.IN_PROGRESS,
    }  # fmt: skip
    assert (followed is not None) == counts


def test_a_new_look_is_needed_after_rework() -> None:
    verified, _ = domain.verify(resolved(), by=STAFF, passed=True, now=NOW)
    reworked, _ = domain.verify(verified, by=STAFF, passed=False, now=NOW)
    done, _ = domain.follow_task(
        reworked, task(TaskCompleted, 9, reworked, work=work()), now=NOW
    ) or pytest.fail("the work counts")
    with pytest.raises(NotVerified):
        domain.close(done, by=STAFF, is_staff=True, now=NOW)


def test_private_matters_are_offered_by_name_and_never_listed() -> None:
    private = replace(submitted(), visibility="private", status=Status.REGISTERED)
    with pytest.raises(PrivateMatter):
        domain.put_on_list(private, takers_wanted=None, now=NOW)
    offered, _ = domain.dispatch(private, taker=TAKER, now=NOW)
    declined = task(TaskDeclined, 1, offered, work=(), taker=TAKER, person_id=HELPER)
    back, told = domain.follow_task(offered, declined, now=NOW) or pytest.fail("it counts")
    assert (back.status, told) == (Status.REGISTERED, ())


def test_a_dispatch_keeps_how_many_are_wanted_and_never_goes_to_the_owner() -> None:
    wanted = replace(listed(), takers_wanted=3)
    assert domain.dispatch(wanted, taker=TAKER, now=NOW)[0].takers_wanted == 3
    with pytest.raises(OwnRequest):
        domain.dispatch(wanted, taker=Taker(kind="person", id=REQUESTER), now=NOW)


def test_what_was_settled_on_the_spot_reopens_without_a_taker() -> None:
    _, closed, _ = domain.settle_on_the_spot(submitted(), by=STAFF, service_minutes=5, now=NOW)
    reopened, told = domain.reopen(closed, by=REQUESTER, is_staff=False, now=NOW)
    assert (reopened.status, reopened.work, told.work) == (Status.REGISTERED, (), ())


def test_the_newest_step_tells_who_stands_whatever_came_before() -> None:
    request = listed()
    act = {"taker": TAKER, "person_id": HELPER}
    declined = task(TaskDeclined, 3, request, work=(), **act)
    claimed = task(TaskClaimed, 2, request, **act)
    back, _ = domain.follow_task(request, declined, now=NOW) or pytest.fail("it counts")
    assert (back.status, domain.follow_task(back, claimed, now=NOW)) == (Status.LISTED, None)
    started = task(TaskStarted, 4, request, **act)
    under_way, told = domain.follow_task(back, started, now=NOW) or pytest.fail("it counts")
    assert [one.name for one in told] == ["accepted", "started"]
    assert under_way.work == work(0)


def test_an_offer_that_went_elsewhere_is_declined_without_effect() -> None:
    other = Taker(kind="person", id=uuid4())
    offered, _ = domain.dispatch(listed(), taker=other, now=NOW)
    declined = task(TaskDeclined, 5, offered, work=(), taker=TAKER, person_id=HELPER)
    after, told = domain.follow_task(offered, declined, now=NOW) or pytest.fail("it is noted")
    assert (after.status, after.task_version, told) == (Status.DISPATCHED, 5, ())


def test_everybody_who_had_a_hand_in_it_is_a_handler() -> None:
    colleague = uuid4()
    together = (work()[0].model_copy(update={"acted": (HELPER, colleague)}),)
    request = replace(resolved(), work=together)
    with pytest.raises(HandlerMayNot):
        domain.verify(request, by=colleague, passed=True, now=NOW)
