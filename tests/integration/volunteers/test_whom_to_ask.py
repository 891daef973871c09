"""Whom staff could ask: who knows how comes first, then who has least to do."""

from typing import Any

from shared import ids
from shared.events import RequestDispatched
from tests.support.board import Board, person
from tests.support.platform import Person


async def asked(board: Board, **query: Any) -> list[dict]:
    answer = await board.get(board.staff, "/candidates", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def people(candidates: list[dict]) -> list[str]:
    return [one["taker"]["id"] for one in candidates if one["taker"]["kind"] == "person"]


async def registered(board: Board, who: Person, **fields: Any) -> None:
    answer = await board.post(board.staff, "/volunteers", {"person_id": str(who.id)} | fields)
    assert answer.status_code == 201, answer.text


async def test_the_skilled_come_first_and_then_who_has_least_to_do(board: Board) -> None:
    busy, offered, rested, resident = [
        await board.hood.person(role)
        for role in ("volunteer", "volunteer", "grid_worker", "resident")
    ]
    unit = await board.hood.organisation()
    await board.hood.arrived("volunteers", memberships=6, organisations=1)
    await registered(board, busy, skills=["repair"])
    task = await board.listed()
    await board.done(busy, task, "claim")
    await board.tell(RequestDispatched, ids.new_id(), taker=person(offered))
    await board.completed(board.helper)

    async def told() -> list[dict]:
        return await asked(board, skill="repair")

    found = await told()
    order = [busy, board.helper, offered, *sorted((rested, board.staff), key=lambda one: one.id)]
    assert people(found) == [str(one.id) for one in order]
    assert str(resident.id) not in people(found)
    first, served, waiting, *_, organisation = found
    assert (first["is_skilled"], first["skills"], first["tasks_held"]) == (True, ["repair"], 1)
    assert (served["tasks_held"], served["is_volunteer"]) == (0, True)
    assert served["last_served_at"]
    assert (waiting["tasks_held"], waiting["last_served_at"]) == (1, None)
    assert organisation["taker"] == {"kind": "organisation", "id": str(unit)}
    least = people(await asked(board))[:3]
    least_to_do = [board.helper, *sorted((busy, offered), key=lambda one: one.id)]
    assert least == [str(one.id) for one in least_to_do]


async def test_whoever_asked_or_takes_a_break_is_left_out(board: Board) -> None:
    paused, asker = [await board.hood.person("volunteer") for _ in range(2)]
    await board.hood.arrived("volunteers", memberships=4)
    await registered(board, paused)
    async with await board.platform.client("volunteers", paused.token) as client:
        answer = await client.put(f"/{board.hood.slug}/volunteers/me", json={"state": "paused"})
    assert answer.status_code == 200
    found = people(await asked(board, without=[str(asker.id), str(board.staff.id)]))
    assert found == [str(board.helper.id)]
    assert len(people(await asked(board, limit=1))) == 1
    among = [str(board.staff.id), str(paused.id), str(ids.new_id())]
    assert people(await asked(board, among=among)) == [str(board.staff.id)]
    assert (await board.get(board.helper, "/candidates")).status_code == 403
