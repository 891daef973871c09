"""The grid worker's day: the own grid, its households and visits; and phones that are shown."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest_asyncio

from shared import clock, ids
from shared.events import PlaceChanged

SQUARE = {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}
OPEN = {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [3, 3]]]}


@dataclass
class Ground:
    """Two grids with a building each, three households, a worker of the first one."""

    town: Any
    grid: dict[str, Any]
    other: dict[str, Any]
    building: dict[str, Any]
    households: list[dict[str, Any]]
    worker: str
    worker_id: str

    async def visit(self, place: dict[str, Any], token: str | None = None, **fields: Any):
        body = {"place_id": place["id"]} | fields
        return await self.town.ask("POST", "/visits", token or self.worker, json=body)

    async def visits(self, token: str | None = None, **query: Any):
        answer = await self.town.ask("GET", "/visits", token or self.worker, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


@pytest_asyncio.fixture
async def ground(town) -> Ground:
    grid = await town.place("grid", title="第一网格", code="g1")
    other = await town.place("grid", title="第二网格", code="g2")
    compound = await town.place("compound", parent_id=grid["id"])
    building = await town.place("building", title="3栋", parent_id=compound["id"])
    far = await town.place("building", title="9栋", parent_id=other["id"])
    households = [
        await town.place("household", title=title, parent_id=parent["id"])
        for title, parent in (("301室", building), ("302室", building), ("901室", far))
    ]
    person, worker = await town.signed_in("grid_worker", place_id=grid["id"])
    return Ground(town, grid, other, building, households, worker, person["id"])


async def test_the_tree_knows_which_grid_a_building_is_in(ground, town) -> None:
    assert ground.building["grid_id"] == ground.grid["id"]
    listed = (await town.ask("GET", "/places", params={"kind": "household"})).json()["items"]
    assert [one["grid_id"] for one in listed] == [
        ground.other["id"], ground.grid["id"], ground.grid["id"],
    ]  # fmt: skip
    compound = await town.place()
    assert compound["grid_id"] is None


async def test_a_grid_is_drawn_changed_and_cleared_and_no_event_tells_of_it(
    ground, town, platform
) -> None:
    path = f"/places/{ground.grid['id']}/boundary"
    drawn = await town.ask("PUT", path, json={"boundary": SQUARE})
    assert (drawn.status_code, drawn.json()["boundary"]) == (200, SQUARE)
    assert drawn.headers["etag"] == '"2"'
    stale = await town.ask("PUT", path, json={"boundary": None}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    for wrong, status in ((OPEN, 400), ({"type": "Point", "coordinates": [1, 1]}, 422)):
        assert (await town.ask("PUT", path, json={"boundary": wrong})).status_code == status
    title = {"title": "改名网格", "code": "g1"}
    await town.ask("PUT", f"/places/{ground.grid['id']}", json=title)
    _, resident = await town.signed_in("resident")
    grids = (await town.ask("GET", "/places/grids", resident)).json()
    assert [(one["title"], one["boundary"]) for one in grids] == [
        ("改名网格", SQUARE), ("第二网格", None),
    ]  # fmt: skip
    assert (await town.ask("PUT", path, resident, json={"boundary": None})).status_code == 403
    cleared = await town.ask("PUT", path, json={"boundary": None})
    assert cleared.json()["boundary"] is None
    told = await platform.told(PlaceChanged, community=town.slug)
    assert all("boundary" not in one.model_dump() for one in told)


async def test_a_grid_worker_sees_the_own_grid_and_its_households(ground, town) -> None:
    home = ground.households[0]["id"]
    for name in ("张桂兰", "李国庆"):
        await town.person("resident", name=name, place_id=home)
    mine = (await town.ask("GET", "/my-grid", ground.worker)).json()
    assert mine["grid"]["id"] == ground.grid["id"]
    assert [one["kind"] for one in mine["places"]] == ["compound", "building"]
    first = (
        await town.ask("GET", "/my-grid/households", ground.worker, params={"limit": 1})
    ).json()
    rest = await town.ask(
        "GET", "/my-grid/households", ground.worker, params={"after": first["next"]}
    )
    both = [*first["items"], *rest.json()["items"]]
    assert [(one["title"], one["members"]) for one in both] == [("301室", 2), ("302室", 0)]
    assert rest.json()["next"] is None
    assert "张" not in str(both)


async def test_homes_of_another_grid_are_not_a_grid_workers_to_see(ground, town) -> None:
    def path(place) -> str:
        return f"/places/{place['id']}/households"

    inside = await town.ask("GET", path(ground.building), ground.worker)
    assert [one["title"] for one in inside.json()["items"]] == ["301室", "302室"]
    outside = await town.ask("GET", path(ground.other), ground.worker)
    assert outside.json()["type"] == "urn:jinlin:problem:not-your-grid"
    staff = await town.ask("GET", path(ground.other))
    assert [one["title"] for one in staff.json()["items"]] == ["901室"]
    _, homeless = await town.signed_in("grid_worker")
    for where in ("/my-grid", "/my-grid/households", path(ground.building), "/visits"):
        answer = await town.ask("GET", where, homeless)
        assert answer.json()["type"] == "urn:jinlin:problem:no-grid", where
    _, resident = await town.signed_in("resident", place_id=ground.grid["id"])
    for where in ("/my-grid", "/my-grid/households", path(ground.building), "/visits"):
        assert (await town.ask("GET", where, resident)).status_code == 403, where
    unknown = {"id": str(ids.new_id())}
    assert (await town.ask("GET", path(unknown))).status_code == 404


async def test_a_visit_is_logged_once_and_read_by_those_who_come_next(
    ground, town, directory
) -> None:
    home, _, far = ground.households
    body = {"place_id": home["id"], "note": "老人独居", "wants_follow_up": True}
    key = {"idempotency-key": ids.new_id().hex}
    first = await town.ask("POST", "/visits", ground.worker, json=body, headers=key)
    again = await town.ask("POST", "/visits", ground.worker, json=body, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    assert first.json().keys() == {"id"}
    earlier = (clock.now() - timedelta(days=2)).isoformat()
    await ground.visit(ground.building, kind="notice_delivered", visited_at=earlier)
    assert (await ground.visit(far)).status_code == 403
    assert (await ground.visit(far, town.staff, kind="phone_call")).status_code == 201
    assert [one["kind"] for one in await ground.visits()] == ["notice_delivered", "visit"]
    assert len(await ground.visits(town.staff)) == 3
    (only,) = await ground.visits(place_id=home["id"])
    assert (only["note"], only["visited_by"]) == ("老人独居", ground.worker_id)
    assert len(await ground.visits(place_id=ground.building["id"])) == 2
    (wanted,) = await ground.visits(town.staff, wants_follow_up=True)
    assert wanted["id"] == first.json()["id"]
    assert await ground.visits(after=wanted["id"]) == []
    households = (await town.ask("GET", "/my-grid/households", ground.worker)).json()["items"]
    assert [one["last_visited_at"] is None for one in households] == [False, True]
    foreign = await directory.ask("GET", f"/{town.slug}/visits", await _stranger(directory))
    assert foreign.status_code == 404


async def _stranger(directory) -> str:
    """Somebody who works in another community."""
    slug = f"o{ids.new_id().hex[-10:]}"
    await directory.made(
        "/communities", directory.operator, {"slug": slug, "title": "别处", "prefix": "BC"}
    )
    person = await directory.made(
        f"/{slug}/people", directory.operator, {"name": "外人", "roles": ["community_staff"]}
    )
    code = await directory.made(
        f"/{slug}/people/{person['id']}/invitation", directory.operator, None
    )
    signed = await directory.ask("POST", "/sign-in/invitation", json={"code": code["code"]})
    return signed.json()["access_token"]


async def test_a_visit_that_cannot_be_is_refused(ground) -> None:
    home = ground.households[0]
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    for place, fields, status in (
        (home, {"visited_at": tomorrow}, 400),
        (ground.grid, {}, 400),
        ({"id": str(ids.new_id())}, {}, 400),
        (home, {"note": "长" * 501}, 422),
        (home, {"kind": "party"}, 422),
        (home, {"visited_at": "2026-11-21T08:00:00"}, 422),
    ):
        answer = await ground.visit(place, **fields)
        assert answer.status_code == status, answer.text


async def test_people_are_found_by_the_end_of_their_phone_and_shown_masked(town) -> None:
    wanted = await town.person("resident", name="王秀英", phone="13812345678")
    await town.person("resident", name="赵铁柱", phone="13912340000")
    await town.person("resident", name="座机", phone="8125678")

    async def found(words: str) -> list[str]:
        answer = await town.ask("GET", "/people", params={"q": words})
        assert "12345678" not in answer.text
        return [one["id"] for one in answer.json()["items"]]

    for words in ("5678", "138 1234 5678", "+86-13812345678", "秀英"):
        assert await found(words) == [wanted["id"]], words
    for words in ("45678", "3812345678", "138", "1381234567"):
        assert await found(words) == [], words


async def test_people_are_found_by_their_home(ground, town) -> None:
    home, neighbour, _far = ground.households
    living = await town.person("resident", name="王秀英", place_id=home["id"])
    await town.person("resident", name="赵铁柱", place_id=neighbour["id"])
    answer = await town.ask("GET", "/people", ground.worker, params={"place_id": home["id"]})
    assert [one["id"] for one in answer.json()["items"]] == [living["id"]]
    none = await town.ask("GET", "/people", params={"place_id": ground.building["id"]})
    assert none.json()["items"] == []


async def test_a_phone_is_shown_to_staff_one_at_a_time_and_that_is_recorded(
    ground, town, platform
) -> None:
    person = await town.person("resident", phone="13812345678")
    path = f"/people/{person['id']}/phone"
    why = {"reason": "核实漏水情况"}
    key = {"idempotency-key": ids.new_id().hex}
    shown = await town.ask("POST", path, ground.worker, json=why, headers=key)
    assert (shown.status_code, shown.json()) == (200, {"phone": "13812345678"})
    assert shown.headers["cache-control"] == "no-store"
    kept = await platform.rows(
        "directory", "SELECT body FROM answers WHERE community = :c", c=town.slug
    )
    assert all("13812345678" not in bytes(one.body).decode() for one in kept)
    assert (await town.ask("POST", path, ground.worker, json={})).status_code == 422
    nobody = await town.person("resident")
    none = await town.ask("POST", f"/people/{nobody['id']}/phone", json=why)
    assert none.json()["type"] == "urn:jinlin:problem:no-phone"
    unknown = await town.ask("POST", f"/people/{ids.new_id()}/phone", json=why)
    assert unknown.status_code == 404
    _, resident = await town.signed_in("resident")
    assert (await town.ask("POST", path, resident, json=why)).status_code == 403
    log = "/people/revealed-phones"
    assert (await town.ask("GET", log, ground.worker)).status_code == 403
    (record,) = (await town.ask("GET", log, params={"person_id": person["id"]})).json()["items"]
    assert (record["revealed_to"], record["reason"]) == (ground.worker_id, "核实漏水情况")
    assert len((await town.ask("GET", log)).json()["items"]) == 1
