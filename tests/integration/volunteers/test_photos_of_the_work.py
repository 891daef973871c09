"""Photos of tasks: shown by takers, wanted before the completion, seen by those it concerns."""

import httpx

from shared import ids
from tests.support.board import DONE, Board
from tests.support.pictures import photo
from tests.support.platform import Person

PHOTO = photo()


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:jinlin:problem:")


async def test_where_a_photo_is_asked_for_it_comes_before_the_completion(board: Board) -> None:
    task = await board.listed(evidence_needed="photo")
    assert problem(await board.show(board.helper, task, PHOTO)) == (403, "not-your-task")
    for step in ("claim", "check-in"):
        await board.done(board.helper, task, step)
    elsewhere = DONE | {"evidence": [{"kind": "photo", "reference": "p/1.jpg"}]}
    for report in (DONE, elsewhere):
        assert await board.refused(board.helper, task, "complete", report) == (400, "photo-needed")
    added = await board.show(board.helper, task, PHOTO)
    assert added.status_code == 201, added.text
    assert (await board.done(board.helper, task, "complete", DONE))["state"] == "completed"


async def test_staff_owners_and_takers_see_the_photos_and_who_could_claim_does_not(
    board: Board,
) -> None:
    task = await board.listed(takers_wanted=2)
    await board.done(board.helper, task, "claim")
    added = (await board.show(board.helper, task, PHOTO)).json()
    path = f"/tasks/{task['id']}/photos"
    owner = Person(board.requester, board.hood.token(board.requester, "resident"))
    for who in (board.helper, board.staff, owner):
        assert (await board.get(who, path)).json() == [added]
        shown = await board.get(who, f"{path}/{added['id']}")
        assert shown.headers["content-type"] == "image/jpeg"
        assert len(shown.content) == added["size_bytes"]
    other = Person(one := ids.new_id(), board.hood.token(one, "volunteer"))
    assert (await board.get(other, f"/tasks/{task['id']}")).status_code == 200
    for where in (path, f"{path}/{added['id']}"):
        assert problem(await board.get(other, where)) == (404, "not-found")


async def test_a_photo_that_is_none_is_refused_and_leaves_nothing(board: Board) -> None:
    task = await board.listed()
    await board.done(board.helper, task, "claim")
    assert problem(await board.show(board.helper, task, b"GIF89a")) == (400, "photo-moves")
    assert (await board.get(board.helper, f"/tasks/{task['id']}/photos")).json() == []
