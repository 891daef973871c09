"""The rules of a task: places, orders of events, and who may do what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteers import domain
from services.volunteers.domain import Actor, Report, Standing, State, Task
from services.volunteers.domain.words import (
    AlreadyClaimed,
    EvidenceNeeded,
    NotListed,
    NotYourTask,
    OwnRequest,
    PhotoNeeded,
    TaskVoid,
)
from shared.events import (
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestReopened,
    RequestReworked,
    Taker,
    TaskCompleted,
    Work,
)
from shared.problems import NotYet, Problem, WrongState

NOW = datetime(2026, 3, 5, 8, tzinfo=UTC)
TASK_ID, REQUEST_ID, REQUESTER = UUID(int=1), UUID(int=2), UUID(int=3)
EVENT: dict[str, Any] = {
    "community": "wenhua",
    "occurred_at": NOW,
    "request_id": REQUEST_ID,
    "number": "WH-2026-000001",
    "cycle": 1,
    "category": "repair",
    "requester_id": REQUESTER,
    "filed_by": REQUESTER,
}
PLACE: dict[str, Any] = {"place_id": UUID(int=4)}


def somebody(number: int, *organisations: int) -> Actor:
    return Actor(UUID(int=100 + number), frozenset(UUID(int=one) for one in organisations))


def listed(**terms) -> Task:
    event = RequestListed(**EVENT, **PLACE, version=3, **terms)
    followed = domain.follow_request(None, event, task_id=TASK_ID, now=NOW)
    assert followed is not None
    return followed[0]


def acted(task: Task, step: str, actor: Actor, minute: int = 0, **more) -> Task:
    now = NOW + timedelta(minutes=minute)
    more = {"organisation_id": None} | more
    if step == "complete":
        return domain.complete(task, actor, Report(30, "好"), now=now, **more)[0]
    if step == "decline":
        more["reason"] = "忙"
    return getattr(domain, step)(task, actor, now=now, **more)[0]


@given(
    wanted=st.integers(1, 4),
    moves=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["claim", "decline", "check_in", "complete"])),
        max_size=40,
    ),
)
def test_places_are_never_overfilled_and_every_step_is_one_version(wanted, moves) -> None:
    task = listed(takers_wanted=wanted)
    completions = 0
    for minute, (who, step) in enumerate(moves):
        try:
            moved = acted(task, step, somebody(who), minute)
        except Problem:
            continue
        assert moved.version == task.version + 1
        assert len(moved.standing) <= wanted
        assert moved.places_free == wanted - len(moved.standing)
        finished = [one.state for one in moved.standing] == [Standing.COMPLETED] * wanted
        assert (moved.state is State.COMPLETED) == finished
        completions += finished
        task = moved
    assert completions <= 1


STEPS = [
    RequestListed(**EVENT, **PLACE, version=3, takers_wanted=2),
    RequestDispatched(**EVENT, **PLACE, version=4, taker=Taker(kind="person", id=UUID(int=101))),
    RequestListed(**EVENT, **PLACE, version=5, takers_wanted=3),
    RequestCancelled(**EVENT, version=6),
]


@pytest.mark.parametrize("steps", list(permutations(STEPS)))
def test_every_order_of_a_request_ends_void_when_it_is_cancelled(steps) -> None:
    assert follow(None, *steps).state is State.VOID


@pytest.mark.parametrize("steps", list(permutations(STEPS[:3])))
def test_every_order_of_offers_ends_with_the_last(steps) -> None:
    task = follow(None, *steps, *steps)
    assert (task.offered_to, task.takers_wanted, task.request_version) == (None, 3, 5)


def follow(task: Task | None, *steps) -> Task:
    for one in steps:
        followed = domain.follow_request(task, one, task_id=TASK_ID, now=NOW)
        task = followed[0] if followed else task
    assert task is not None
    return task


def test_a_person_stands_once_even_for_several_takers() -> None:
    both = somebody(1, 50)
    task = acted(listed(takers_wanted=2), "claim", both)
    with pytest.raises(AlreadyClaimed):
        acted(task, "claim", both, organisation_id=UUID(int=50))


def test_a_declined_place_is_free_and_may_be_taken_again() -> None:
    task = acted(listed(), "claim", somebody(1))
    task = acted(task, "check_in", somebody(1), 1)
    task = acted(task, "decline", somebody(1), 2)
    assert (task.state, task.places_free, task.assignments[0].reason) == (State.OPEN, 1, "忙")
    again = acted(task, "claim", somebody(1), 3)
    assert [one.state for one in again.assignments] == [Standing.CLAIMED]
    assert again.assignments[0].reason == ""


def test_only_who_stands_moves_a_task() -> None:
    task = acted(listed(), "claim", somebody(1))
    for step in ("decline", "check_in", "complete"):
        with pytest.raises(NotYourTask):
            acted(task, step, somebody(2))


def test_a_requester_never_works_for_an_organisation_on_the_own_request() -> None:
    member = somebody(1, 50)
    task = acted(listed(), "claim", member, organisation_id=UUID(int=50))
    with pytest.raises(OwnRequest):
        acted(task, "check_in", Actor(REQUESTER, member.organisation_ids))


@pytest.mark.parametrize(
    ("needed", "report", "missing"),
    [
        ("none", Report(1), None),
        ("note", Report(1, "  ", photos=1), EvidenceNeeded),
        ("note", Report(1, "好"), None),
        ("photo", Report(1, "好", (domain.Evidence("photo", "p"),)), PhotoNeeded),
        ("photo", Report(1, photos=1), None),
    ],
)
def test_evidence_is_shown_where_the_category_asks_for_it(needed, report, missing) -> None:
    task = acted(listed(evidence_needed=needed), "claim", somebody(1))
    task = acted(task, "check_in", somebody(1))
    arguments: dict[str, Any] = {"organisation_id": None, "now": NOW}
    if missing is None:
        assert domain.complete(task, somebody(1), report, **arguments)[1] is not None
    else:
        with pytest.raises(missing):
            domain.complete(task, somebody(1), report, **arguments)


def test_only_takers_show_the_work_and_only_until_the_end() -> None:
    task = acted(listed(), "claim", somebody(1))
    domain.require_may_show(task, somebody(1))
    with pytest.raises(NotYourTask):
        domain.require_may_show(task, somebody(2))
    with pytest.raises(TaskVoid):
        domain.require_may_show(replace(task, state=State.VOID), somebody(1))


def test_an_event_that_ends_the_waiting_tells_the_completion() -> None:
    task = listed(takers_wanted=2)
    for step in ("claim", "check_in", "complete"):
        task = acted(task, step, somebody(1))
    relisted = RequestListed(**EVENT, **PLACE, version=7, takers_wanted=1)
    followed = domain.follow_request(task, relisted, task_id=TASK_ID, now=NOW)
    assert followed is not None
    assert isinstance(followed[1], TaskCompleted)


def test_rework_takes_completion_back_for_all() -> None:
    task = listed()
    for step in ("claim", "check_in", "complete"):
        task = acted(task, step, somebody(1))
    reworked = follow(task, RequestReworked(**EVENT, version=9))
    assert (reworked.state, reworked.assignments[0].state) == (State.IN_PROGRESS, Standing.STARTED)
    assert follow(reworked, RequestReworked(**EVENT, version=9)) == reworked
    with pytest.raises(NotYet):
        follow(None, RequestReworked(**EVENT, version=9))


def test_enough_needs_somebody_and_a_free_place() -> None:
    full = acted(listed(), "claim", somebody(1))
    for task in (listed(), full):
        with pytest.raises(WrongState):
            domain.enough(task, now=NOW)
    two = acted(listed(takers_wanted=2), "claim", somebody(1))
    lowered, told = domain.enough(two, now=NOW)
    assert (lowered.takers_wanted, lowered.state, told) == (1, State.CLAIMED, None)


def test_a_reopened_request_is_held_by_its_last_takers() -> None:
    work = tuple(
        Work(taker=Taker(kind="person", id=UUID(int=one)), person_id=UUID(int=one))
        for one in (7, 8)
    )
    event = RequestReopened(**EVENT | {"cycle": 2}, **PLACE, version=12, work=work)
    task = follow(
        None, event, RequestReopened(**EVENT | {"cycle": 2}, **PLACE, version=12, work=())
    )
    assert (task.state, task.places_free, task.cycle) == (State.CLAIMED, 0, 2)
    assert {one.person_id for one in task.standing} == {UUID(int=7), UUID(int=8)}


def test_reopened_without_work_waits_for_the_desk_whatever_the_order() -> None:
    second: dict[str, Any] = EVENT | {"cycle": 2}
    reopened = RequestReopened(**second, **PLACE, version=12, work=())
    again = RequestListed(**second, **PLACE, version=13, takers_wanted=2)
    assert domain.follow_request(None, reopened, task_id=TASK_ID, now=NOW) is None
    assert follow(None, reopened, again) == follow(None, again, reopened)
    assert follow(None, again, reopened).places_free == 2


def test_an_offer_wants_one_and_leaves_how_many_the_list_wants() -> None:
    offer = RequestDispatched(
        **EVENT, **PLACE, version=4, taker=Taker(kind="person", id=UUID(int=101))
    )
    task = follow(listed(takers_wanted=3), offer)
    assert (task.takers_wanted, task.places_free) == (3, 1)
    taken = acted(task, "claim", somebody(1))
    assert (taken.state, taken.places_free) == (State.CLAIMED, 0)
    done = acted(acted(taken, "check_in", somebody(1)), "complete", somebody(1))
    assert done.state is State.COMPLETED
    assert acted(task, "decline", somebody(1)).places_free == 3
    assert acted(taken, "decline", somebody(1)).places_free == 3


def test_what_was_never_listed_is_not_open_to_all_when_its_offer_is_turned_down() -> None:
    offer = RequestDispatched(
        **EVENT, **PLACE, version=3, taker=Taker(kind="person", id=UUID(int=101))
    )
    declined = acted(follow(None, offer), "decline", somebody(1))
    for who in (somebody(1), somebody(2)):
        with pytest.raises(NotListed):
            acted(declined, "claim", who)
    later = RequestListed(**EVENT, **PLACE, version=6)
    assert acted(follow(declined, later), "claim", somebody(2)).state is State.CLAIMED


def test_all_who_had_a_hand_in_it_are_told() -> None:
    unit = {"organisation_id": UUID(int=50)}
    first, second = somebody(1, 50), somebody(2, 50)
    task = acted(listed(), "claim", first, **unit)
    started, told = domain.check_in(task, first, now=NOW, **unit)
    assert (told.under_way, told.work[0].acted) == (True, (first.person_id,))
    done, completed = domain.complete(started, second, Report(30), now=NOW, **unit)
    assert completed is not None
    (work,) = completed.work
    assert (work.person_id, work.acted) == (
        second.person_id,
        (first.person_id, second.person_id),
    )
    reworked = follow(done, RequestReworked(**EVENT, version=9))
    assert reworked.under_way
    assert reworked.assignments[0].acted == work.acted


def test_nothing_moves_a_void_task() -> None:
    void = replace(listed(), state=State.VOID)
    closed = RequestClosed(
        **EVENT, version=20, closed_by=REQUESTER, closed_as="requester", work=(), points_rule=None
    )
    assert follow(void, *STEPS, closed) == void
    with pytest.raises(TaskVoid):
        acted(void, "claim", somebody(1))
