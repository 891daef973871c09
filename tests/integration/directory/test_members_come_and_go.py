"""Members leave, are found again, and come back; and who may make whom what."""

from shared import ids
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
