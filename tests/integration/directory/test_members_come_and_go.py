"""Members leave, are found again, and come back; and who may make whom what."""

from uuid import UUID

from shared import ids
from shared.events import PersonChanged
from shared.permissions import STAFF, Role

TRUSTED = STAFF | {Role.POINTS_APPROVER, Role.INTEGRATOR}


async def found(town, **query: str) -> list[dict]:
    answer = await town.ask("GET", "/people", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_whoever_left_is_found_where_one_looks_for_them(town) -> None:
    name = f"周{ids.new_id().hex[-8:]}"
    place = await town.place("building")
    person = await town.person("resident", name=name, phone="13812341234", place_id=place["id"])
    path = f"/people/{person['id']}"
    assert [one["has_left"] for one in await found(town, q=name)] == [False]
    assert await found(town, q=name, has_left="true") == []
    assert (await town.ask("DELETE", f"{path}/membership")).status_code == 204
    assert await found(town, q=name) == []
    (gone,) = await found(town, q=name, has_left="true")
    assert (gone["has_left"], gone["roles"], gone["place_id"]) == (True, [], None)
    assert gone["phone"] == "138****1234"
    assert (await town.ask("GET", path)).status_code == 404
    shown = await town.ask("GET", path, params={"has_left": "true"})
    assert shown.json() == gone
    tag = {"if-match": shown.headers["etag"]}
    back = await town.ask("PUT", f"{path}/membership", json={"roles": ["resident"]}, headers=tag)
    assert (back.status_code, back.json()["has_left"]) == (200, False)
    assert await found(town, q=name, has_left="true") == []
    assert (await town.ask("GET", path)).json()["roles"] == ["resident"]


async def test_whoever_left_is_shown_to_staff_only_and_not_elsewhere(town, directory) -> None:
    person, token = await town.signed_in("resident")
    path = f"/people/{person['id']}?has_left=true"
    assert (await town.ask("GET", path, token)).status_code == 403
    other = f"o{ids.new_id().hex[-10:]}"
    body = {"slug": other, "title": "别处", "prefix": "BC"}
    await directory.made("/communities", directory.operator, body)
    elsewhere = await directory.ask("GET", f"/{other}{path}", directory.operator)
    assert elsewhere.status_code == 404
    assert (await town.ask("GET", f"/people/{ids.new_id()}?has_left=true")).status_code == 404


async def test_the_roles_that_one_is_told_are_those_that_one_may_give(town, directory) -> None:
    _, street = await town.signed_in("subdistrict_staff")
    _, resident = await town.signed_in("resident")
    path = "/people/grantable-roles"
    assert (await town.ask("GET", path, resident)).status_code == 403
    by_staff = set((await town.ask("GET", path)).json())
    by_street = set((await town.ask("GET", path, street)).json())
    by_operator = set((await town.ask("GET", path, directory.operator)).json())
    assert by_staff == by_operator == set(Role) - {Role.OPERATOR, Role.AUDITOR}
    assert by_staff - by_street == TRUSTED
    neighbour = await town.person("resident")
    for role in by_staff:
        answer = await town.ask(
            "PUT", f"/people/{neighbour['id']}/membership", street, json={"roles": [role]}
        )
        assert (answer.status_code == 200) is (role in by_street), role


async def test_one_organisation_is_read_with_its_version(town, directory) -> None:
    terms = {"kind": "resident_unit", "title": "区税务局", "code": "tax"}
    made = await directory.made(f"/{town.slug}/organisations", town.staff, terms)
    path = f"/organisations/{made['id']}"
    found = await town.ask("GET", path)
    assert (found.status_code, found.json()) == (200, made)
    assert found.headers["etag"] == '"1"'
    assert (await town.ask("GET", f"/organisations/{ids.new_id()}")).status_code == 404
    other = f"o{ids.new_id().hex[-10:]}"
    body = {"slug": other, "title": "别处", "prefix": "BC"}
    await directory.made("/communities", directory.operator, body)
    assert (await directory.ask("GET", f"/{other}{path}", directory.operator)).status_code == 404


async def test_a_home_that_is_wrong_is_taken_away_and_nothing_else(town, directory) -> None:
    place = await town.place("building")
    person = await town.person("resident", "volunteer", place_id=place["id"])
    path = f"/people/{person['id']}"
    shown = await town.ask("GET", path)
    assert shown.json()["place_id"] == place["id"]
    code = (await town.ask("POST", f"{path}/invitation")).json()["code"]
    tag = {"if-match": shown.headers["etag"]}
    removed = await town.ask("DELETE", f"{path}/home", headers=tag)
    assert (removed.status_code, removed.json()["place_id"]) == (200, None)
    assert removed.json()["roles"] == ["resident", "volunteer"]
    assert (await town.ask("GET", path)).json() == removed.json()
    assert (await town.ask("DELETE", f"{path}/home", headers=tag)).status_code == 412
    used = await directory.ask("POST", "/sign-in/invitation", json={"code": code})
    assert used.status_code == 401
    good = (await town.ask("POST", f"{path}/invitation")).json()["code"]
    again = await town.ask("DELETE", f"{path}/home")
    assert (again.status_code, again.json()) == (200, removed.json())
    used = await directory.ask("POST", "/sign-in/invitation", json={"code": good})
    assert used.status_code == 200, "there was nothing to take away, so no code ends"
    _, resident = await town.signed_in("resident")
    assert (await town.ask("DELETE", f"{path}/home", resident)).status_code == 403
    await town.ask("DELETE", f"{path}/membership")
    assert (await town.ask("DELETE", f"{path}/home")).status_code == 404


async def test_the_street_takes_no_home_from_staff(town) -> None:
    place = await town.place("building")
    worker = await town.person("grid_worker", place_id=place["id"])
    _, street = await town.signed_in("subdistrict_staff")
    assert (await town.ask("DELETE", f"/people/{worker['id']}/home", street)).status_code == 403


async def test_a_name_and_a_phone_are_corrected_and_nothing_is_told_of_them(
    town, directory, platform
) -> None:
    person = await town.person("resident", name="张贵兰", phone="13812341234")
    path = f"/people/{person['id']}"
    terms = {"name": "张桂兰"}
    named = await town.ask("PUT", f"{path}/name", json=terms)
    assert (named.status_code, named.json()["name"], named.json()["phone"]) == (
        200,
        "张桂兰",
        "138****1234",
    )
    called = await town.ask("PUT", f"{path}/name", json=terms | {"phone": "139 0000 5678"})
    assert called.json()["phone"] == "139****5678"
    assert (await town.ask("GET", path)).json() == called.json()
    told = await platform.told(PersonChanged, person_id=UUID(person["id"]))
    assert [one.version for one in told] == [1, 2, 3]
    wrong = await town.ask("PUT", f"{path}/name", json=terms | {"phone": "12"})
    assert (wrong.status_code, (await town.ask("GET", path)).json()) == (422, called.json())
    _, resident = await town.signed_in("resident")
    assert (await town.ask("PUT", f"{path}/name", resident, json=terms)).status_code == 403


async def test_of_two_who_correct_a_name_the_second_is_told(town) -> None:
    person = await town.person("resident", name="张贵兰", phone="13812341234")
    path = f"/people/{person['id']}"
    seen = (await town.ask("GET", path)).json()
    tag = {"if-match": f'"{seen["name_version"]}"'}
    first = await town.ask("PUT", f"{path}/name", json={"name": "张桂兰"}, headers=tag)
    assert (first.status_code, first.json()["name_version"]) == (200, seen["name_version"] + 1)
    assert first.json()["version"] == seen["version"], "what they are here is another matter"
    for method, what, body in (("PUT", "name", {"name": "张贵兰"}), ("DELETE", "phone", None)):
        late = await town.ask(method, f"{path}/{what}", json=body, headers=tag)
        assert (late.status_code, late.json()["type"]) == (
            412,
            "urn:jinlin:problem:stale-version",
        )
    assert (await town.ask("GET", path)).json() == first.json()
    same = await town.ask("PUT", f"{path}/name", json={"name": "张桂兰"})
    assert (same.status_code, same.json()) == (200, first.json()), "nothing new was said"


async def test_a_phone_that_is_wrong_is_taken_away_and_nothing_else(
    town, directory, platform
) -> None:
    person = await town.person("resident", name="张桂兰", phone="13812341234")
    path = f"/people/{person['id']}"
    seen = (await town.ask("GET", path)).json()
    tag = {"if-match": f'"{seen["name_version"]}"'}
    removed = await town.ask("DELETE", f"{path}/phone", headers=tag)
    assert removed.status_code == 200
    assert removed.json() == seen | {"phone": None, "name_version": seen["name_version"] + 1}
    again = await town.ask("DELETE", f"{path}/phone")
    assert (again.status_code, again.json()) == (200, removed.json())
    told = await platform.told(PersonChanged, person_id=UUID(person["id"]))
    assert [one.version for one in told] == [1, 2]
    shown = await town.ask("POST", f"{path}/phone", json={"reason": "核实"})
    assert shown.status_code == 404
    _, resident = await town.signed_in("resident")
    assert (await town.ask("DELETE", f"{path}/phone", resident)).status_code == 403
    worker = await town.person("grid_worker", phone="13812341235")
    _, street = await town.signed_in("subdistrict_staff")
    staffs = f"/people/{worker['id']}/phone"
    assert (await town.ask("DELETE", staffs, street)).status_code == 403
    await town.ask("DELETE", f"{path}/membership")
    assert (await town.ask("DELETE", f"{path}/phone")).status_code == 404


async def test_who_belongs_elsewhere_or_is_staff_is_not_renamed_by_everybody(
    town, directory
) -> None:
    person = await town.person("resident", name="钱多处")
    worker = await town.person("grid_worker", name="孙网格")
    other = f"o{ids.new_id().hex[-10:]}"
    body = {"slug": other, "title": "别处", "prefix": "BC"}
    await directory.made("/communities", directory.operator, body)
    joins = f"/{other}/people/{person['id']}/membership"
    await directory.ask("PUT", joins, directory.operator, json={"roles": ["resident"]})
    _, street = await town.signed_in("subdistrict_staff")
    path, terms = f"/people/{person['id']}/name", {"name": "改名"}
    refused = await town.ask("PUT", path, json=terms)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:jinlin:problem:named-elsewhere",
    )
    assert (await town.ask("PUT", path, directory.operator, json=terms)).status_code == 200
    staffs = f"/people/{worker['id']}/name"
    assert (await town.ask("PUT", staffs, street, json=terms)).status_code == 403
    assert (await town.ask("PUT", staffs, json=terms)).status_code == 200
