"""Which buttons a member has: those that would do something, and no others."""

import pytest

from tests.support.desk import Desk

NONE = {"confirm": False, "not_solved": False, "rate": False, "cancel": False}


async def choices(desk: Desk, who: object, request_id: object) -> dict:
    answer = await desk.get(who, f"/requests/{request_id}/choices")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_choices_of_whoever_asked_follow_the_request(desk: Desk) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.listed()
    untaken = await choices(desk, desk.resident, request_id)
    assert untaken == NONE | {"cancel": True, "add_photos": True, "not_solved_until": None}
    await desk.resolved(helper, request_id)
    resolved = await choices(desk, desk.resident, request_id)
    assert resolved == NONE | {
        "confirm": True, "not_solved": True, "add_photos": True, "not_solved_until": None,
    }  # fmt: skip
    assert (await desk.post(desk.resident, f"/{request_id}/close")).status_code == 200
    closed = await choices(desk, desk.resident, request_id)
    request = (await desk.get(desk.resident, f"/requests/{request_id}")).json()
    assert closed.pop("not_solved_until") > request["closed_at"]
    assert closed == NONE | {"not_solved": True, "rate": True, "add_photos": False}
    await desk.post(desk.resident, f"/{request_id}/rate", {"stars": 5})
    assert not (await choices(desk, desk.resident, request_id))["rate"]


async def test_helpers_show_photos_neighbours_nothing_and_strangers_find_nothing(
    desk: Desk,
) -> None:
    helper, neighbour = [await desk.hood.person(role) for role in ("volunteer", "resident")]
    request_id = await desk.resolved(helper)
    nothing = NONE | {"add_photos": False, "not_solved_until": None}
    assert await choices(desk, helper, request_id) == nothing | {"add_photos": True}
    assert await choices(desk, neighbour, request_id) == nothing
    private = await desk.submitted(category="company")
    assert (await desk.get(neighbour, f"/requests/{private}/choices")).status_code == 404


@pytest.mark.parametrize("button", ["close", "not-solved", "rate", "cancel"])
async def test_a_button_that_is_not_offered_is_refused(desk: Desk, button: str) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.resolved(helper)
    body = {"not-solved": {"reason": "还漏"}, "rate": {"stars": 5}, "cancel": {}}.get(button)
    offered = await choices(desk, helper, request_id)
    assert not any(offered[one] for one in NONE)
    assert (await desk.post(helper, f"/{request_id}/{button}", body)).status_code in {403, 409}
