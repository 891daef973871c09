"""What a helper is shown: what they may take, what waits for their answer, what they hold."""

from datetime import datetime, timedelta
from uuid import UUID

from shared import clock, ids
from shared.events import RequestDispatched, Taker, TaskClaimed
from tests.support.board import Board, person
from tests.support.platform import Person, Platform


async def numbers(board: Board, who: Person, /, **query: object) -> list[str]:
    """The numbers of the tasks of a list, in its order."""
    answer = await board.get(who, "/tasks", **query)
    assert answer.status_code == 200, answer.text
    return [one["number"] for one in answer.json()["items"]]


async def listed(board: Board, number: str, **fields: object) -> dict:
    return await board.listed(number=number, **fields)


async def test_each_board_holds_what_it_says(board: Board) -> None:
    other = await board.hood.person("volunteer")
    held = await listed(board, "held", takers_wanted=2)
    await board.done(board.helper, held, "claim")
    await listed(board, "free", category="errand")
    await listed(board, "own", requester_id=board.helper.id)
    await listed(board, "filed", filed_by=board.helper.id)
    offered = ids.new_id()
    await board.tell(RequestDispatched, offered, number="offered", taker=person(board.helper))
    await board.task(offered)
    assert await numbers(board, board.helper, board="free") == ["free"]
    assert await numbers(board, board.helper, board="offered") == ["offered"]
    assert await numbers(board, board.helper, board="held") == ["held"]
    assert await numbers(board, other, board="free") == ["filed", "own", "free", "held"]
    assert await numbers(board, other, board="offered") == []
    resident = await board.hood.person("resident")
    assert await numbers(board, resident, board="free") == []
    assert await numbers(board, board.staff, board="held") == []
    await board.done(board.helper, await board.task(offered), "claim")
    assert await numbers(board, board.helper, board="offered") == []
    assert await numbers(board, board.helper, board="held") == ["offered", "held"]
    free = await numbers(board, other, board="free", category=["errand", "no-such"])
    assert free == ["free"]
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    assert await numbers(board, other, board="free", since=soon) == []
    wanted = [held["request_id"], str(offered), str(ids.new_id())]
    assert await numbers(board, board.helper, request_ids=wanted) == ["offered", "held"]
    assert await numbers(board, other, request_ids=wanted) == ["held"]


ORDER = ["home too", "home", "beside too", "beside", "grid", "far", "unknown"]


async def around_home(board: Board) -> str:
    """Tasks at home, in the same compound, in the same grid and elsewhere; the home's id."""
    grid, far_grid = [await board.hood.place("grid") for _ in range(2)]
    compound = await board.hood.place("compound", grid)
    home, beside = [await board.hood.place("building", compound) for _ in range(2)]
    around = await board.hood.place("building", grid)
    far = await board.hood.place("building", far_grid)
    await board.hood.arrived("volunteers", places=7)
    for number, place in [
        ("home", home), ("unknown", ids.new_id()), ("far", far), ("grid", around),
        ("beside", beside), ("beside too", beside), ("home too", home),
    ]:  # fmt: skip
        await listed(board, number, place_id=place)
    return str(home)


async def test_what_lies_near_comes_first(board: Board) -> None:
    nearest = {"board": "free", "near": await around_home(board)}
    answer = (await board.get(board.helper, "/tasks", **nearest)).json()
    assert [one["number"] for one in answer["items"]] == ORDER
    kinds = ["building", "building", "compound", "compound", "grid", None, None]
    assert [one["shared_place"] for one in answer["items"]] == kinds
    one = (await board.get(board.helper, f"/tasks/{answer['items'][0]['id']}")).json()
    assert one["shared_place"] is None
    nowhere = {"board": "free", "near": str(ids.new_id())}
    newest = ["home too", "beside too", "beside", "grid", "far", "unknown", "home"]
    assert await numbers(board, board.helper, **nowhere) == newest


async def test_the_next_page_follows_though_somebody_took_where_it_begins(board: Board) -> None:
    query = {"board": "free", "near": await around_home(board), "limit": 2}
    seen: list[str] = []
    while True:
        page = (await board.get(board.helper, "/tasks", **query)).json()
        seen += [one["number"] for one in page["items"]]
        if page["next"] is None:
            break
        await board.done(board.staff, page["items"][-1], "claim")
        query["after"] = page["next"]
    assert seen == ORDER


async def test_an_organisation_sends_one_of_its_members(board: Board, platform: Platform) -> None:
    unit = await board.hood.organisation()
    other_unit = await board.hood.organisation()
    sender, goes, colleague = [
        await board.hood.person("organisation_member", organisations=[unit]) for _ in range(3)
    ]
    stranger = await board.hood.person("organisation_member", organisations=[other_unit])
    await board.hood.arrived("volunteers", memberships=6)
    task = await board.listed()
    for body, problem in (
        ({"person_id": str(goes.id)}, "only-organisations-send"),
        ({"organisation_id": str(unit), "person_id": str(stranger.id)}, "unknown-id"),
        ({"organisation_id": str(unit), "person_id": str(ids.new_id())}, "unknown-id"),
        ({"organisation_id": str(other_unit), "person_id": str(goes.id)}, "unknown-id"),
    ):
        assert await board.refused(sender, task, "claim", body) == (400, problem)
    acting = {"organisation_id": str(unit)}
    claimed = await board.done(sender, task, "claim", acting | {"person_id": str(goes.id)})
    (assignment,) = claimed["assignments"]
    assert assignment["person_id"] == str(goes.id)
    (told,) = await platform.told(TaskClaimed, task_id=UUID(task["id"]))
    assert told.person_id == goes.id
    assert told.work[0].acted == (sender.id, goes.id)
    assert told.taker == Taker(kind="organisation", id=unit)
    started = await board.done(colleague, task, "check-in", acting)
    assert started["assignments"][0]["person_id"] == str(colleague.id)


async def test_nobody_is_sent_to_the_own_request(board: Board) -> None:
    unit = await board.hood.organisation()
    sender, asked = [
        await board.hood.person("organisation_member", organisations=[unit]) for _ in range(2)
    ]
    await board.hood.arrived("volunteers", memberships=4)
    task = await board.listed(requester_id=asked.id)
    body = {"organisation_id": str(unit), "person_id": str(asked.id)}
    assert await board.refused(sender, task, "claim", body) == (403, "own-request")


async def test_a_moment_without_a_zone_is_refused(board: Board) -> None:
    naive = datetime(2026, 3, 5, 8).isoformat()  # noqa: DTZ001 - that is the mistake
    assert (await board.get(board.helper, "/tasks", since=naive)).status_code == 422
