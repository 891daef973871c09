"""Tasks follow their requests, however late and in whatever order their steps arrive."""

import asyncio
from itertools import permutations
from uuid import UUID

import pytest

from shared import ids
from shared.events import (
    Event,
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestReopened,
    RequestReworked,
    Taker,
    TaskClaimed,
    TaskCompleted,
    Work,
)
from tests.support.board import DONE, Board, person, work_of
from tests.support.platform import Person, Platform, eventually


@pytest.mark.parametrize("late", [RequestListed, RequestDispatched])
async def test_a_cancellation_voids_whatever_the_order(board: Board, late: type[Event]) -> None:
    request_id = ids.new_id()
    more = {"taker": person(board.helper)} if late is RequestDispatched else {}
    await board.tell(RequestCancelled, request_id, version=4)
    await board.tell(late, request_id, version=3, **more)
    marker = await board.listed()
    task = await board.task(request_id, state="void")
    assert await board.refused(board.helper, task, "claim") == (409, "task-void")
    await board.done(board.helper, marker, "claim")
    await board.tell(RequestCancelled, UUID(marker["request_id"]), version=5)
    await board.task(UUID(marker["request_id"]), state="void")
    assert (await board.refused(board.helper, marker, "check-in"))[1] == "task-void"


async def test_rework_gives_the_work_back_and_counts_its_hours_once(
    board: Board, platform: Platform
) -> None:
    task = await board.completed(board.helper)
    request_id = UUID(task["request_id"])
    await board.tell(RequestReworked, request_id, version=2)
    await board.tell(RequestReworked, request_id, version=8)
    await board.task(request_id, state="in_progress")
    assert await board.hours(board.helper) == (0, 0)
    await board.done(board.helper, task, "complete", {"service_minutes": 55})
    told = await platform.told(TaskCompleted, task_id=UUID(task["id"]))
    assert [one.work[0].service_minutes for one in told] == [40, 55]
    assert await board.hours(board.helper) == (55, 1)
    rows = await platform.rows(
        "volunteers",
        "SELECT service_minutes FROM service_record WHERE community = :one ORDER BY id",
        one=board.hood.slug,
    )
    assert [row.service_minutes for row in rows] == [40, 55]


@pytest.mark.parametrize("ending", ["decline", "cancel"])
async def test_hours_of_rejected_work_do_not_count(board: Board, ending: str) -> None:
    task = await board.completed(board.helper)
    request_id = UUID(task["request_id"])
    assert await board.hours(board.helper) == (40, 1)
    await board.tell(RequestReworked, request_id, version=8)
    await board.task(request_id, state="in_progress")
    if ending == "decline":
        await board.done(board.helper, task, "decline", {"reason": "修不好"})
    else:
        await board.tell(RequestCancelled, request_id, version=9)
        await board.task(request_id, state="void")
    assert await board.hours(board.helper) == (0, 0)


async def test_hours_belong_to_whoever_did_the_work_of_an_organisation(board: Board) -> None:
    unit = ids.new_id()
    first, second = [
        Person(one, board.hood.token(one, "organisation_member", organisations=[unit]))
        for one in (ids.new_id(), ids.new_id())
    ]
    task = await board.completed(first, organisation_id=unit)
    request_id = UUID(task["request_id"])
    closing = {"closed_by": board.requester, "closed_as": "requester", "points_rule": None}
    work = [Work(taker=Taker(kind="organisation", id=unit), person_id=first.id, service_minutes=5)]
    await board.tell(RequestClosed, request_id, version=9, work=work, **closing)
    await board.tell(RequestReopened, request_id, version=10, cycle=2, work=work)
    again = await board.task(request_id, cycle=2)
    await board.done(second, again, "check-in")
    await board.done(second, again, "complete", {"service_minutes": 15})
    assert (await board.hours(first), await board.hours(second)) == ((40, 1), (15, 1))
    await board.tell(RequestReworked, request_id, version=14, cycle=2)
    await board.task(request_id, cycle=2, state="in_progress")
    await board.done(first, again, "complete", {"service_minutes": 20})
    assert (await board.hours(first), await board.hours(second)) == ((60, 2), (0, 0))


async def test_a_closed_task_stands_still_and_reopening_makes_the_next(
    board: Board, platform: Platform
) -> None:
    task = await board.completed(board.helper)
    request_id = UUID(task["request_id"])
    work = work_of(board.helper)
    closing = {"closed_by": board.requester, "closed_as": "requester", "points_rule": None}
    await board.tell(RequestReopened, request_id, version=10, cycle=2, work=work)
    again = await board.task(request_id, cycle=2)
    assert (again["state"], again["assignments"][0]["person_id"]) == (
        "claimed",
        str(board.helper.id),
    )
    await board.tell(RequestClosed, request_id, version=9, work=work, **closing)
    await board.task(request_id, state="closed")
    assert (await board.refused(board.helper, task, "decline", {"reason": "x"}))[1] == "task-closed"
    assert len(await platform.told(TaskClaimed, request_id=request_id)) == 1
    await board.done(board.helper, again, "check-in")
    await board.done(board.helper, again, "complete", DONE)
    (told,) = await platform.told(TaskCompleted, request_id=request_id, cycle=2)
    assert told.version > 1
    assert (await board.get(board.helper, "/service-hours/me")).json()["service_minutes"] == 80


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_settled_on_the_spot_makes_no_task_until_it_is_listed_again(
    board: Board, order: tuple[int, ...]
) -> None:
    request_id = ids.new_id()
    work = work_of(board.staff)
    closing = {"closed_by": board.staff.id, "closed_as": "on_the_spot", "points_rule": None}
    steps = [
        board.event(RequestClosed, request_id, work=work, **closing),
        board.event(RequestReopened, request_id, version=4, cycle=2, work=()),
        board.event(RequestListed, request_id, version=5, cycle=2),
    ]
    told = [steps[one] for one in order]
    for one in told:
        await board.platform.tell(one)
        await board.listed()  # what was told before has arrived
        opened = steps[2] in told[: told.index(one) + 1]
        assert len(await board.tasks(request_id)) == opened
    await board.task(request_id, cycle=2, state="open", assignments=[])


async def test_repeated_and_stale_events_change_nothing(board: Board) -> None:
    task = await board.listed(version=5, takers_wanted=2)
    request_id = UUID(task["request_id"])
    await board.done(board.helper, task, "claim")
    stale = board.event(RequestListed, request_id, version=4, takers_wanted=9)
    for event_id in (None, None, one := ids.new_id(), one):
        await board.platform.tell(stale, event_id=event_id)
    await board.tell(RequestListed, request_id, version=5, takers_wanted=9)
    await board.listed()
    now = (await board.get(board.staff, f"/tasks/{task['id']}")).json()
    assert (now["version"], now["takers_wanted"], now["state"]) == (2, 2, "open")


async def test_a_claim_that_came_first_outlives_a_dispatch(board: Board) -> None:
    task = await board.listed()
    await board.done(board.helper, task, "claim")
    other = Taker(kind="person", id=ids.new_id())
    await board.tell(RequestDispatched, UUID(task["request_id"]), version=4, taker=other)
    now = await board.task(UUID(task["request_id"]), version=3)
    assert (now["state"], now["offered_to"]) == ("claimed", None)


async def test_steps_of_many_requests_in_one_batch_make_each_its_task(board: Board) -> None:
    requests = [ids.new_id() for _ in range(40)]
    helper = Taker(kind="person", id=board.helper.id)
    events = [board.event(RequestListed, one) for one in requests]
    events += [board.event(RequestDispatched, one, version=4, taker=helper) for one in requests]
    events += [board.event(RequestCancelled, one, version=5) for one in requests[:10]]
    events += events[:5]
    await asyncio.gather(*(board.platform.tell(one) for one in reversed(events)))

    async def settled() -> bool:
        tasks = (await board.get(board.staff, "/tasks", limit=100)).json()["items"]
        offered = [one for one in tasks if one["state"] == "open" and one["offered_to"]]
        void = [one for one in tasks if one["state"] == "void"]
        return (len(tasks), len(offered), len(void)) == (40, 30, 10)

    await eventually(settled)
