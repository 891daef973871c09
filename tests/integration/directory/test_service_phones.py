"""Whom people call: the line of their grid, else of the community; said by staff, read by all."""

import pytest

from shared import ids
from shared.events import PlaceChanged

GRID, COMMUNITY = "010-0123 4501", "010-0123 4567"


async def say(town, place_id, phone: str | None, token: str | None = None, **request):
    path = f"/places/{place_id}/service-phone"
    return await town.ask("PUT", path, token, json={"phone": phone}, **request)


async def mine(town, token: str) -> tuple[str, str] | None:
    """Title and number of the line that a member finds."""
    answer = await town.ask("GET", "/my-service-phone", token)
    if answer.status_code == 404:
        assert answer.json()["type"] == "urn:jinlin:problem:no-service-phone"
        return None
    assert answer.status_code == 200, answer.text
    return answer.json()["title"], answer.json()["phone"]


async def test_the_nearest_line_answers(town) -> None:
    grid = await town.place("grid", title="第一网格")
    building = await town.place("building", parent_id=grid["id"])
    home = await town.place("household", parent_id=building["id"])
    far = await town.place("building")
    _, near_by = await town.signed_in("resident", place_id=home["id"])
    _, far_away = await town.signed_in("resident", place_id=far["id"])
    _, nowhere = await town.signed_in("volunteer")
    everybody = (near_by, far_away, nowhere)
    assert [await mine(town, one) for one in everybody] == [None] * 3
    assert (await say(town, town.root_id, COMMUNITY)).status_code == 200
    of_community = ("文化路社区", COMMUNITY)
    assert [await mine(town, one) for one in everybody] == [of_community] * 3
    assert (await say(town, grid["id"], GRID)).json()["service_phone"] == GRID
    assert await mine(town, near_by) == ("第一网格", GRID)
    assert [await mine(town, one) for one in (far_away, nowhere)] == [of_community] * 2
    assert (await say(town, grid["id"], None)).json()["service_phone"] is None
    assert await mine(town, near_by) == of_community


async def test_a_change_is_the_next_version_and_no_event_tells_the_number(town, platform) -> None:
    grid = await town.place("grid")
    first = await say(town, grid["id"], GRID, headers={"if-match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (await say(town, grid["id"], None, headers={"if-match": '"1"'})).status_code == 412
    terms = {"title": "改名网格", "code": grid["code"]}
    renamed = await town.ask("PUT", f"/places/{grid['id']}", json=terms)
    assert (renamed.json()["title"], renamed.json()["service_phone"]) == ("改名网格", GRID)
    told = await platform.told(PlaceChanged, community=town.slug)
    assert max(one.version for one in told if str(one.place_id) == grid["id"]) == 3
    assert not [one for one in told if "0123" in one.model_dump_json()]


@pytest.mark.parametrize("typed", ["110", "abc", "", "12345;ext=1", "javascript:alert(1)"])
async def test_what_is_no_number_is_refused_beside_its_field(town, typed: str) -> None:
    answer = await say(town, town.root_id, typed, headers={"accept-language": "zh-CN"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "phone"
    assert not error["reason"].isascii()


async def test_buildings_have_no_line_and_strangers_to_it_no_say(town) -> None:
    building = await town.place("building")
    refused = await say(town, building["id"], GRID)
    assert refused.json()["type"] == "urn:jinlin:problem:no-service-phone-here"
    assert (await say(town, ids.new_id(), GRID)).status_code == 404
    for role in ("resident", "grid_worker", "volunteer"):
        _, token = await town.signed_in(role)
        assert (await say(town, town.root_id, GRID, token)).status_code == 403


async def test_whoever_holds_a_slip_reads_the_communitys_number_and_nothing_else(
    town, directory
) -> None:
    path = f"/{town.slug}/service-phone"
    unknown = await directory.ask("GET", f"/x{town.slug}/service-phone")
    none = await directory.ask("GET", path)
    assert (none.status_code, none.json()) == (404, unknown.json())
    grid = await town.place("grid")
    await say(town, grid["id"], GRID)
    assert (await directory.ask("GET", path)).status_code == 404  # a grid would say where it is
    await say(town, town.root_id, COMMUNITY)
    assert (await directory.ask("GET", path)).json() == {
        "place_id": str(town.root_id), "kind": "community", "title": "文化路社区",
        "phone": COMMUNITY,
    }  # fmt: skip
