"""Ways around the walls of homes and phones: moving a home, and guessing a number."""

import pytest

from services.directory import store
from services.directory.actions.phones import BY_NUMBER, UNKNOWN_NUMBERS
from shared import clock
from shared.database import ALL_COMMUNITIES
from shared.patience import mark

LOG = "/people/revealed-phones"


async def find(town, words: str, token: str | None = None):
    return await town.ask("GET", "/people", token, params={"q": words})


async def test_a_grid_worker_moves_no_home_into_the_own_grid(town) -> None:
    own, other = await town.place("grid"), await town.place("grid")
    building = await town.place("building", parent_id=other["id"])
    _, worker = await town.signed_in("grid_worker", place_id=own["id"])
    terms = {one: building[one] for one in ("title", "code")} | {"parent_id": own["id"]}
    body = {"kind": "grid", "title": "新网格", "code": "new"}
    box = {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}
    for method, path, sent in (
        ("PUT", f"/places/{building['id']}", terms),
        ("PUT", f"/places/{own['id']}/boundary", {"boundary": box}),
        ("DELETE", f"/places/{building['id']}", None),
        ("POST", "/places", body),
    ):
        assert (await town.ask(method, path, worker, json=sent)).status_code == 403, path
    assert (await town.ask("PUT", f"/places/{building['id']}", json=terms)).status_code == 200


@pytest.mark.parametrize("typed", ["138 1234 5678", "+8613812345678"])
async def test_who_is_found_by_a_whole_number_is_on_record(town, typed: str) -> None:
    person = await town.person("resident", phone="13812345678")
    searcher, worker = await town.signed_in("grid_worker")
    for words in ("5678", "张桂兰", "13912345678"):
        assert (await find(town, words, worker)).status_code == 200
    assert (await town.ask("GET", LOG)).json()["items"] == []
    found = (await find(town, typed, worker)).json()["items"]
    assert [(one["id"], one["phone"]) for one in found] == [(person["id"], "138****5678")]
    (record,) = (await town.ask("GET", LOG)).json()["items"]
    assert (record["person_id"], record["revealed_to"], record["reason"]) == (
        person["id"], searcher["id"], BY_NUMBER,
    )  # fmt: skip


async def test_who_guesses_numbers_has_to_wait_and_others_do_not(town, platform) -> None:
    searcher, worker = await town.signed_in("grid_worker")
    database = platform.database("directory")
    try:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            guesses = [mark("phone", searcher["id"])] * (UNKNOWN_NUMBERS - 1)
            await store.attempts.count(tx, *guesses, now=clock.now())
    finally:
        await database.close()
    assert (await find(town, "13912345678", worker)).status_code == 200
    waiting = await find(town, "13912345679", worker)
    assert (waiting.status_code, waiting.json()["type"]) == (
        429, "urn:jinlin:problem:too-many-attempts",
    )  # fmt: skip
    assert 0 < int(waiting.headers["retry-after"]) <= 16
    assert (await find(town, "张", worker)).status_code == 200
    assert (await find(town, "13912345679")).status_code == 200
