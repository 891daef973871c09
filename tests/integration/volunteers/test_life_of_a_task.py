"""A task's way through its service: HTTP in, events out."""

import asyncio
from uuid import UUID

import pytest

from shared import ids
from shared.events import (
    RequestDispatched,
    RequestListed,
    Taker,
    TaskClaimed,
    TaskCompleted,
    TaskDeclined,
    TaskStarted,
    Work,
)
from tests.support.board import DONE, Board, person
from tests.support.platform import Person, Platform


async def test_from_the_list_to_the_recorded_hours(board: Board, platform: Platform) -> None:
    task = await board.listed(evidence_needed="note")
    assert (task["state"], task["place_id"]) == ("open", str(board.place))
    found = (await board.get(board.helper, "/tasks", state="open")).json()["items"]
    assert [one["id"] for one in found] == [task["id"]]
    assert found[0]["requester_id"] is None
    claimed = await board.done(board.helper, task, "claim")
    assert (claimed["state"], claimed["requester_id"]) == ("claimed", str(board.requester))
    assert (await board.done(board.helper, task, "check-in"))["state"] == "in_progress"
    assert await board.refused(board.helper, task, "complete", {"service_minutes": 4}) == (
        400,
        "evidence-needed",
    )
    photo = {"kind": "photo", "reference": "p/1.jpg"}
    done = await board.done(board.helper, task, "complete", DONE | {"evidence": [photo]})
    assert (done["state"], done["assignments"][0]["evidence"]) == ("completed", [photo])
    versions = []
    for contract in (TaskClaimed, TaskStarted, TaskCompleted):
        (told,) = await platform.told(contract, task_id=UUID(task["id"]))
        assert [one.taker for one in told.work] == [person(board.helper)]
        assert told.under_way == (contract is not TaskClaimed)
        versions.append(told.version)
    assert versions == sorted(set(versions))
    assert told.work == (
        Work(
            taker=person(board.helper),
            person_id=board.helper.id,
            service_minutes=40,
            acted=(board.helper.id,),
        ),
    )
    hours = (await board.get(board.helper, "/service-hours/me")).json()
    assert (hours["service_minutes"], len(hours["records"]["items"])) == (40, 1)
    seen = await board.get(board.staff, f"/service-hours/{board.helper.id}")
    assert seen.json() == hours


@pytest.mark.parametrize("wanted", [1, 3])
async def test_of_fifty_claims_as_many_win_as_are_wanted(
    board: Board, platform: Platform, wanted: int
) -> None:
    task = await board.listed(takers_wanted=wanted)
    people = [ids.new_id() for _ in range(50)]
    callers = [Person(one, board.hood.token(one, "volunteer")) for one in people]
    path = f"/tasks/{task['id']}/claim"
    answers = await asyncio.gather(*(board.post(one, path) for one in callers))
    winners = [
        caller.id for caller, one in zip(callers, answers, strict=True) if one.status_code == 200
    ]
    assert len(winners) == wanted
    lost = [one.json()["type"] for one in answers if one.status_code != 200]
    assert lost == ["urn:jinlin:problem:already-claimed"] * (50 - wanted)
    told = await platform.told(TaskClaimed, task_id=UUID(task["id"]))
    assert {one.person_id for one in told} == set(winners)
    assert sorted(len(one.work) for one in told) == list(range(1, wanted + 1))


async def test_a_task_for_two_waits_for_both_or_for_enough(
    board: Board, platform: Platform
) -> None:
    other = Person(one := ids.new_id(), board.hood.token(one, "volunteer"))
    task = await board.listed(takers_wanted=2)
    assert (await board.refused(board.staff, task, "enough"))[1] == "nobody-stands"
    await board.done(board.helper, task, "claim")
    assert await board.refused(board.helper, task, "claim") == (409, "already-claimed")
    await board.done(other, task, "claim")
    for one in (board.helper, other):
        assert (await board.refused(one, task, "complete", DONE))[1] == "not-checked-in"
        await board.done(one, task, "check-in")
    half = await board.done(board.helper, task, "complete", DONE)
    assert half["state"] == "in_progress"
    assert not await platform.told(TaskCompleted, task_id=UUID(task["id"]))
    await board.done(other, task, "decline", {"reason": "扭了腰"})
    (gone,) = await platform.told(TaskDeclined, task_id=UUID(task["id"]))
    assert (gone.taker, [one.taker for one in gone.work]) == (person(other), [person(board.helper)])
    assert gone.under_way
    assert await board.refused(board.helper, task, "enough") == (403, "not-allowed")
    assert (await board.done(board.staff, task, "enough"))["state"] == "completed"
    (told,) = await platform.told(TaskCompleted, task_id=UUID(task["id"]))
    assert [one.person_id for one in told.work] == [board.helper.id]


async def test_a_member_takes_for_the_organisation_and_another_finishes(
    board: Board, platform: Platform
) -> None:
    unit, foreign = ids.new_id(), ids.new_id()
    first, second = [
        Person(one, board.hood.token(one, "organisation_member", organisations=[unit]))
        for one in (ids.new_id(), ids.new_id())
    ]
    task = await board.listed()
    assert await board.refused(first, task, "claim", {"organisation_id": str(foreign)}) == (
        403,
        "not-your-organisation",
    )
    await board.done(first, task, "claim", {"organisation_id": str(unit)})
    mine = (await board.get(second, "/tasks", mine=True)).json()["items"]
    assert [one["id"] for one in mine] == [task["id"]]
    assert await board.refused(board.helper, task, "check-in") == (403, "not-your-task")
    await board.done(second, task, "check-in")
    await board.done(second, task, "complete", DONE)
    (told,) = await platform.told(TaskCompleted, task_id=UUID(task["id"]))
    taker = Taker(kind="organisation", id=unit)
    acted = (first.id, second.id)
    assert told.work == (Work(taker=taker, person_id=second.id, service_minutes=40, acted=acted),)


async def test_an_offer_is_for_one_taker_and_a_refusal_opens_it(
    board: Board, platform: Platform
) -> None:
    offered = Person(one := ids.new_id(), board.hood.token(one, "volunteer"))
    request_id = ids.new_id()
    await board.tell(RequestDispatched, request_id, taker=person(offered))
    task = await board.task(request_id)
    assert await board.refused(board.helper, task, "claim") == (403, "not-offered-to-you")
    assert (await board.get(board.helper, f"/tasks/{task['id']}")).status_code == 404
    assert (await board.get(offered, f"/tasks/{task['id']}")).status_code == 200
    assert await board.refused(board.helper, task, "decline", {"reason": "忙"}) == (
        403,
        "not-your-task",
    )
    assert await board.refused(offered, task, "decline", {}) == (400, "reason-missing")
    await board.done(offered, task, "decline", {"reason": "忙"})
    assert await board.refused(board.helper, task, "claim") == (403, "not-listed")
    assert (await board.get(board.helper, f"/tasks/{task['id']}")).status_code == 404
    assert (await board.get(board.helper, "/tasks")).json()["items"] == []
    (told,) = await platform.told(TaskDeclined, task_id=UUID(task["id"]))
    assert (told.taker, told.work, told.under_way) == (person(offered), (), False)
    await board.tell(RequestListed, request_id, version=4, takers_wanted=2)
    await board.task(request_id, takers_wanted=2, offered_to=None)
    assert (await board.done(board.helper, task, "claim"))["places_free"] == 1


async def test_nobody_takes_the_own_request(board: Board) -> None:
    filer = Person(one := ids.new_id(), board.hood.token(one, "grid_worker"))
    asking = Person(board.requester, board.hood.token(board.requester, "volunteer"))
    task = await board.listed(filed_by=filer.id)
    for who in (filer, asking):
        assert await board.refused(who, task, "claim") == (403, "own-request")
    seen = (await board.get(asking, f"/tasks/{task['id']}")).json()
    assert seen["requester_id"] == str(asking.id)


async def test_bad_input_is_refused_and_changes_nothing(board: Board) -> None:
    task = await board.listed()
    resident = Person(one := ids.new_id(), board.hood.token(one, "resident"))
    stranger = Person(ids.new_id(), board.platform.token(ids.new_id(), {"else": {"roles": []}}))
    path = f"/tasks/{task['id']}"
    assert (await board.refused(resident, task, "claim"))[0] == 403
    assert (await board.refused(stranger, task, "claim"))[0] == 404
    assert (await board.get(stranger, path)).status_code == 404
    assert (await board.get(resident, path)).status_code == 404
    assert (await board.get(Person(ids.new_id(), "x"), path)).status_code == 401
    assert (await board.post(board.helper, f"/tasks/{ids.new_id()}/claim")).status_code == 404
    assert (await board.post(board.helper, "/tasks/none/claim")).status_code == 422
    assert (await board.post(board.helper, f"{path}/claim", {"points": 9})).status_code == 422
    for wrong in (
        {}, {"service_minutes": 0}, {"service_minutes": 1441}, DONE | {"note": "\x00"},
        DONE | {"evidence": [{"kind": "film", "reference": "x"}]},
        DONE | {"evidence": [{"kind": "photo", "reference": "x" * 201}]},
        DONE | {"evidence": [{"kind": "photo", "reference": "x"}] * 21},
    ):  # fmt: skip
        answer = await board.post(board.helper, f"{path}/complete", wrong)
        assert answer.status_code == 422, wrong
    assert (await board.get(board.helper, "/tasks", state="lost")).status_code == 422
    stale = await board.post(board.helper, f"{path}/claim", **{"if-match": '"9"'})
    assert stale.status_code == 412
    fresh = await board.get(board.helper, path)
    assert fresh.json()["state"] == "open"
    claimed = await board.post(board.helper, f"{path}/claim", **{"if-match": fresh.headers["etag"]})
    assert claimed.headers["etag"] == '"2"'


async def test_another_community_never_sees_or_moves_a_task(
    board: Board, platform: Platform
) -> None:
    task = await board.listed()
    other = await Board(await platform.community()).open()
    assert (await other.get(other.staff, f"/tasks/{task['id']}")).status_code == 404
    assert await other.refused(other.helper, task, "claim") == (404, "not-found")
    assert await other.refused(other.staff, task, "enough") == (404, "not-found")
    found = await other.get(other.staff, "/tasks", request_id=task["request_id"])
    assert found.json()["items"] == []
    assert (await board.get(board.staff, f"/tasks/{task['id']}")).json() == task


async def test_a_repeated_key_claims_once(board: Board, platform: Platform) -> None:
    task = await board.listed(takers_wanted=2)
    path = f"/tasks/{task['id']}/claim"
    key = {"idempotency-key": str(ids.new_id())}
    first, again = [await board.post(board.helper, path, **key) for _ in range(2)]
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    other = await board.post(board.helper, path, {"organisation_id": None}, **key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:jinlin:problem:key-reused")
    assert len(await platform.told(TaskClaimed, task_id=UUID(task["id"]))) == 1


async def test_pages_of_tasks(board: Board) -> None:
    made = {(await board.listed())["id"] for _ in range(3)}
    first = (await board.get(board.helper, "/tasks", limit=2, place_id=board.place)).json()
    rest = (await board.get(board.helper, "/tasks", limit=2, after=first["next"])).json()
    assert {one["id"] for one in first["items"] + rest["items"]} == made
    assert rest["next"] is None
    assert not (await board.get(board.helper, "/tasks", place_id=ids.new_id())).json()["items"]
    assert not (await board.get(board.helper, "/tasks", mine=True)).json()["items"]
