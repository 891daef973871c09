"""A request's way through its service: HTTP in, events in, events out."""

from uuid import UUID

from shared.events import (
    RequestAccepted,
    RequestCancelled,
    RequestClosed,
    RequestListed,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
    Taker,
    TaskClaimed,
    TaskCompleted,
    TaskDeclined,
    Work,
)
from tests.support.desk import Desk
from tests.support.platform import Platform


async def test_from_asking_to_rating(desk: Desk, platform: Platform) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.resolved(helper)
    verified = await desk.post(desk.verifier, f"/{request_id}/verify", {"passed": True})
    assert verified.status_code == 200
    closed = await desk.post(desk.resident, f"/{request_id}/close")
    assert closed.json()["status"] == "closed"
    rated = await desk.post(desk.resident, f"/{request_id}/rate", {"stars": 5})
    assert rated.json()["stars"] == 5
    again = await desk.post(desk.resident, f"/{request_id}/rate", {"stars": 1})
    assert again.status_code == 409
    assert again.json()["type"] == "urn:jinlin:problem:already-rated"
    (told,) = await platform.told(RequestClosed, request_id=request_id)
    assert told.points_rule == "standard"
    assert [one.service_minutes for one in told.work] == [40]
    history = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    assert [one["kind"] for one in history] == [
        "submitted", "registered", "listed", "claimed", "started", "completed", "verified",
        "closed", "rated",
    ]  # fmt: skip
    assert await platform.told(RequestAccepted, request_id=request_id)
    assert await platform.told(RequestResolved, request_id=request_id)


async def test_a_handler_never_verifies_closes_or_rates(desk: Desk) -> None:
    worker = await desk.hood.person("grid_worker")
    request_id = await desk.resolved(worker)
    verdict = await desk.post(worker, f"/{request_id}/verify", {"passed": True})
    assert (verdict.status_code, verdict.json()["type"]) == (
        403,
        "urn:jinlin:problem:handler-may-not",
    )
    assert (await desk.post(worker, f"/{request_id}/close")).status_code == 403


async def test_staff_take_it_in_as_another_category(desk: Desk, platform: Platform) -> None:
    request_id = await desk.submitted()
    unknown = await desk.post(desk.staff, f"/{request_id}/register", {"category": "castle"})
    assert (unknown.status_code, unknown.json()["detail"]) == (400, "category")
    answer = await desk.post(desk.staff, f"/{request_id}/register", {"category": "dispute"})
    taken = answer.json()
    assert (taken["category"], taken["visibility"], taken["points_rule"]) == (
        "dispute",
        "private",
        None,
    )
    again = (await desk.get(desk.staff, f"/requests/{request_id}")).json()
    assert again == taken
    (told,) = await platform.told(RequestRegistered, request_id=request_id)
    assert told.category == "dispute"


async def test_what_staff_note_is_for_staff_only(desk: Desk, platform: Platform) -> None:
    request_id = await desk.submitted()
    words = {"words": "老人耳背，请大声敲门"}
    assert (await desk.post(desk.resident, f"/{request_id}/notes", words)).status_code == 403
    noted = await desk.post(desk.staff, f"/{request_id}/notes", words)
    assert (noted.status_code, noted.json()["version"], noted.json()["status"]) == (
        200,
        2,
        "submitted",
    )
    stale = await desk.post(desk.staff, f"/{request_id}/register", **{"if-match": '"1"'})
    assert stale.status_code == 412
    steps = (await desk.get(desk.verifier, f"/requests/{request_id}/history")).json()
    assert [(one["kind"], one["note"]) for one in steps][1:] == [("noted", words["words"])]
    own = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    assert [one["kind"] for one in own] == ["submitted"]
    slip = (await desk.post(desk.staff, f"/{request_id}/slip")).json()
    async with await platform.client("requests") as client:
        shown = (await client.get(f"/follow-up/{slip['code']}")).json()
    assert "noted" not in {one["kind"] for one in shown["steps"]}


async def test_reopening_begins_the_next_cycle_with_the_last_taker(
    desk: Desk, platform: Platform
) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.resolved(helper)
    await desk.post(desk.resident, f"/{request_id}/close")
    reopened = await desk.post(desk.resident, f"/{request_id}/reopen", {"reason": "又坏了"})
    assert (reopened.json()["status"], reopened.json()["cycle"]) == ("accepted", 2)
    (told,) = await platform.told(RequestReopened, request_id=request_id)
    assert (told.closed_cycle, told.work[0].person_id) == (1, helper.id)
    late = Taker(kind="person", id=helper.id)
    await desk.task(
        TaskCompleted, request_id, cycle=1,
        work=(Work(taker=late, person_id=helper.id, service_minutes=1),),
    )  # fmt: skip
    await desk.task(
        TaskCompleted, request_id, cycle=2,
        work=(Work(taker=late, person_id=helper.id, service_minutes=9),),
    )  # fmt: skip
    request = await desk.status(request_id, "resolved")
    assert request["work"][0]["service_minutes"] == 9


async def test_steps_of_a_task_in_the_wrong_order_end_in_the_same_place(desk: Desk) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.listed()
    taker = Taker(kind="person", id=helper.id)
    work = (Work(taker=taker, person_id=helper.id, service_minutes=30),)
    await desk.task(TaskCompleted, request_id, version=3, work=work)
    await desk.task(TaskClaimed, request_id, version=1, taker=taker, person_id=helper.id)
    other = await desk.listed()
    await desk.task(TaskClaimed, other, version=1, taker=taker, person_id=helper.id)
    await desk.status(other, "accepted")
    assert (await desk.status(request_id, "resolved"))["work"][0]["service_minutes"] == 30


async def test_a_declined_request_goes_back_to_the_list(desk: Desk, platform: Platform) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.submitted()
    await desk.hood.arrived("requests", memberships=4)
    await desk.post(desk.staff, f"/{request_id}/register")
    taker = {"kind": "person", "id": str(helper.id)}
    dispatched = await desk.post(desk.staff, f"/{request_id}/dispatch", {"taker": taker})
    assert dispatched.json()["status"] == "dispatched"
    await desk.task(TaskDeclined, request_id, taker=Taker(**taker), person_id=helper.id)
    await desk.status(request_id, "listed")
    assert await platform.told(RequestListed, request_id=request_id)


async def test_cancelling_wins_over_a_claim_and_loses_to_the_work(
    desk: Desk, platform: Platform
) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.listed()
    cancelled = await desk.post(desk.resident, f"/{request_id}/cancel", {"reason": "好了"})
    assert cancelled.json()["status"] == "cancelled"
    taker = Taker(kind="person", id=helper.id)
    await desk.task(TaskClaimed, request_id, taker=taker, person_id=helper.id)
    done = await desk.resolved(helper)
    refused = await desk.post(desk.staff, f"/{done}/cancel", {"reason": "晚了"})
    assert refused.status_code == 409
    assert (await desk.get(desk.staff, f"/requests/{request_id}")).json()["status"] == "cancelled"
    assert await platform.told(RequestCancelled, request_id=request_id)


async def test_on_the_spot_earns_no_points_and_records_the_word(
    desk: Desk, platform: Platform
) -> None:
    settled = await desk.post(
        desk.verifier,
        "/on-the-spot",
        {
            "category": "repair", "description": "换灯泡", "place_id": str(desk.place),
            "requester_id": str(desk.resident.id), "service_minutes": 10, "spoken_word": "亮了",
        },
    )  # fmt: skip
    assert settled.status_code == 201, settled.text
    request_id = UUID(settled.json()["id"])
    assert settled.json()["status"] == "closed"
    (told,) = await platform.told(RequestClosed, request_id=request_id)
    assert (told.points_rule, told.closed_as) == (None, "on_the_spot")
    history = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    assert history[-1]["note"] == "亮了"
