"""Communities, places and organisations over HTTP, and what the others are told of them."""

from uuid import UUID

import nats.js.errors
import orjson
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from services.directory import actions
from services.directory.store.tables import metadata
from shared import clock, ids
from shared.database import ALL_COMMUNITIES
from shared.events import CommunityChanged, OrganisationChanged, PlaceChanged
from shared.outbox import emit
from tests.support.platform import Platform, eventually


async def last_told(platform: Platform, subject: str, version: int) -> dict:
    async def there() -> dict | None:
        try:
            message = await platform.nats.jetstream().get_last_msg("DIRECTORY", subject)
        except nats.js.errors.NotFoundError:
            return None
        body = orjson.loads(message.data or b"")
        headers = message.headers or {}
        assert headers["ce-id"] == body["event_id"]
        assert headers["Nats-Msg-Id"] == f"{subject}:{body['version']}"
        return body if body["version"] == version else None

    return await eventually(there)


async def test_a_community_comes_with_its_root(town, directory, platform) -> None:
    (told,) = await platform.told(CommunityChanged, slug=town.slug)
    assert (told.title, told.prefix, told.version) == ("文化路社区", "WH", 1)
    (root,) = await platform.told(PlaceChanged, place_id=town.root_id)
    assert (root.kind, root.parent_id) == ("community", None)
    again = {"slug": town.slug, "title": "x", "prefix": "X"}
    answer = await directory.ask("POST", "/communities", directory.operator, json=again)
    assert (answer.status_code, answer.json()["type"]) == (
        409,
        "urn:jinlin:problem:community-exists",
    )
    reserved = await directory.ask(
        "POST", "/communities", directory.operator, json=again | {"slug": "me"}
    )
    assert reserved.status_code == 400
    assert (await directory.ask("POST", "/communities", town.staff, json=again)).status_code == 403
    mine = (await directory.ask("GET", "/communities", town.staff)).json()["items"]
    assert [one["slug"] for one in mine] == [town.slug]
    every = (await directory.ask("GET", "/communities", directory.operator)).json()["items"]
    assert town.slug in {one["slug"] for one in every}
    changed = await directory.ask(
        "PUT", f"/communities/{town.slug}", directory.operator,
        json={"title": "文化路", "prefix": "WHL", "region_code": "420902001001"},
    )  # fmt: skip
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    subject = f"evt.{town.slug}.directory.community_changed.v1.{town.slug}"
    assert (await last_told(platform, subject, 2))["title"] == "文化路"
    root = (await town.ask("GET", f"/places/{town.root_id}")).json()
    assert (root["title"], root["code"]) == ("文化路", town.slug)
    assert [one.title for one in await platform.told(PlaceChanged, place_id=town.root_id)][-1:] == [
        "文化路"
    ]


async def test_a_root_that_is_called_otherwise_is_mended_by_the_next_change(
    town, directory, platform
) -> None:
    path = f"/communities/{town.slug}"
    [present] = (await directory.ask("GET", "/communities", town.staff)).json()["items"]
    terms = {name: present[name] for name in ("title", "prefix", "region_code")}
    former = "UPDATE place SET title = '旧名' WHERE id = :id RETURNING 1"
    assert len(await platform.rows("directory", former, id=town.root_id)) == 1
    for version in (2, 2):  # mended once
        answer = await directory.ask("PUT", path, directory.operator, json=terms)
        assert answer.status_code == 200, answer.text
        root = (await town.ask("GET", f"/places/{town.root_id}")).json()
        assert (root["title"], root["version"]) == (present["title"], version)


async def test_places_lie_in_higher_ones_and_households_are_never_told(town, platform) -> None:
    compound = await town.place("compound")
    assert (compound["compound_type"], compound["parent_id"]) == ("unmanaged", str(town.root_id))
    building = await town.place("building", parent_id=compound["id"], title="1栋")
    household = await town.place("household", parent_id=building["id"], title="101")
    assert await platform.told(PlaceChanged, place_id=UUID(building["id"]))
    assert not await platform.told(PlaceChanged, place_id=UUID(household["id"]))
    wrong = {"kind": "compound", "title": "x", "code": "x", "parent_id": building["id"]}
    answer = await town.ask("POST", "/places", json=wrong)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:jinlin:problem:wrong-parent")
    for body, status, problem in (
        (wrong | {"parent_id": str(ids.new_id())}, 400, "unknown-id"),
        (wrong | {"kind": "castle"}, 422, "malformed"),
        (wrong | {"community": "other"}, 422, "malformed"),
        (
            {"kind": "household", "title": "x", "code": compound["code"]},
            409,
            "place-code-taken",
        ),
        (
            {"kind": "grid", "title": "x", "code": "x", "compound_type": "serviced"},
            400,
            "not-compound",
        ),
    ):
        answer = await town.ask("POST", "/places", json=body)
        assert (answer.status_code, answer.json()["type"]) == (
            status,
            f"urn:jinlin:problem:{problem}",
        )
    found = (await town.ask("GET", "/places", params={"q": "1栋"})).json()["items"]
    assert [one["id"] for one in found] == [building["id"]]
    inside = await town.ask("GET", "/places", params={"parent_id": building["id"]})
    assert [one["id"] for one in inside.json()["items"]] == [household["id"]]
    page = (await town.ask("GET", "/places", params={"limit": 2})).json()
    rest = (await town.ask("GET", "/places", params={"after": page["next"]})).json()
    assert len(page["items"]) == len(rest["items"]) == 2
    assert rest["next"] is None


async def test_titles_say_where_a_place_is_and_find_it_again(town, directory) -> None:
    grid = await town.place("grid", title="第一网格")
    compound = await town.place("compound", title="文化路1号院", parent_id=grid["id"])
    building, _eleventh = [
        await town.place("building", title=title, parent_id=compound["id"])
        for title in ("1栋", "11栋")
    ]
    home = await town.place("household", title="101室", parent_id=building["id"])
    elsewhere = await town.place("building", title="1栋")
    known = (building, home, grid, elsewhere)
    asked = {"ids": [*(one["id"] for one in known), str(ids.new_id())]}
    _, token = await town.signed_in("resident")
    told = (await town.ask("GET", "/places/titles", token, params=asked)).json()
    titles = {one["id"]: (one["kind"], one["title"], one["grid_title"]) for one in told}
    assert {one["id"]: one["building_id"] for one in told} == {
        building["id"]: building["id"],
        home["id"]: building["id"],
        grid["id"]: None,
        elsewhere["id"]: elsewhere["id"],
    }
    assert titles == {
        building["id"]: ("building", "文化路1号院 1栋", "第一网格"),
        home["id"]: ("household", "文化路1号院 1栋 101室", "第一网格"),
        grid["id"]: ("grid", "第一网格", "第一网格"),
        elsewhere["id"]: ("building", "1栋", None),
    }
    for words, wanted in {
        "1栋": ["1栋", "文化路1号院 1栋", "文化路1号院 11栋"],
        "文化路1号院1栋": ["文化路1号院 1栋"],
        "院 11": ["文化路1号院 11栋"],
        "第一": ["第一网格"],
        "101室": [],
        "%": [],
    }.items():
        found = (await town.ask("GET", "/places/titles", params={"q": words})).json()
        assert [one["title"] for one in found] == wanted, words
    one = await town.ask("GET", "/places/titles", params={"q": "1", "limit": 1})
    assert len(one.json()) == 1
    stranger = await directory.ask("GET", "/nowhere/places/titles", token, params=asked)
    assert stranger.status_code == 404


async def test_names_for_a_page_are_those_of_people_and_of_organisations(town) -> None:
    unit = await directory_unit(town)
    person, token = await town.signed_in("resident", name="张桂兰")
    wanted = {"ids": [unit["id"], person["id"]]}
    for whose, name in ((None, "张桂兰"), (token, "张*")):
        told = (await town.ask("POST", "/people/names", whose, json=wanted)).json()
        assert {one["id"]: one["name"] for one in told} == {
            unit["id"]: "区税务局",
            person["id"]: name,
        }


async def directory_unit(town) -> dict:
    terms = {"kind": "resident_unit", "title": "区税务局", "code": "tax"}
    return await town.directory.made(f"/{town.slug}/organisations", town.staff, terms)


async def test_a_place_is_changed_by_version_and_removed_when_empty(town, platform) -> None:
    compound = await town.place("compound")
    building = await town.place("building", parent_id=compound["id"])
    path = f"/places/{building['id']}"
    terms = {"title": "2栋", "code": building["code"]}
    stale = await town.ask("PUT", path, json=terms, headers={"if-match": '"7"'})
    assert stale.status_code == 412
    changed = await town.ask("PUT", path, json=terms, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["parent_id"] == compound["id"]
    held = await town.ask("DELETE", f"/places/{compound['id']}")
    assert (held.status_code, held.json()["type"]) == (409, "urn:jinlin:problem:has-children")
    root = await town.ask("DELETE", f"/places/{town.root_id}")
    assert root.json()["type"] == "urn:jinlin:problem:root-stays"
    assert (await town.ask("DELETE", path)).status_code == 204
    assert (await town.ask("GET", path)).status_code == 404
    assert (await town.ask("DELETE", path)).status_code == 404
    subject = f"evt.{town.slug}.directory.place_changed.v1.{building['id']}"
    assert (await last_told(platform, subject, 3))["removed"] is True
    again = await town.place("building", parent_id=compound["id"], code=building["code"])
    assert again["id"] != building["id"]


async def test_organisations_have_a_code_of_their_own(town, directory, platform) -> None:
    terms = {"kind": "resident-unit", "title": "区税务局", "code": "tax"}
    unit = await directory.made(f"/{town.slug}/organisations", town.staff, terms)
    taken = await town.ask("POST", "/organisations", json=terms)
    assert taken.json()["type"] == "urn:jinlin:problem:organisation-code-taken"
    path = f"/organisations/{unit['id']}"
    changed = await town.ask("PUT", path, json=terms | {"title": "税务局"})
    assert changed.json()["version"] == 2
    told = await platform.told(OrganisationChanged, organisation_id=UUID(unit["id"]))
    assert [one.version for one in told] == [1, 2]
    found = (await town.ask("GET", "/organisations", params={"q": "税务"})).json()["items"]
    assert [one["id"] for one in found] == [unit["id"]]
    unknown = await town.ask("PUT", f"/organisations/{ids.new_id()}", json=terms)
    assert unknown.status_code == 404


async def test_other_communities_see_and_change_nothing(town, directory) -> None:
    place = await town.place()
    other = f"o{ids.new_id().hex[-10:]}"
    body = {"slug": other, "title": "别处", "prefix": "BC"}
    await directory.made("/communities", directory.operator, body)
    person = await directory.made(
        f"/{other}/people", directory.operator, {"name": "外人", "roles": ["community_staff"]}
    )
    code = await directory.made(
        f"/{other}/people/{person['id']}/invitation", directory.operator, None
    )
    answer = await directory.ask("POST", "/sign-in/invitation", json={"code": code["code"]})
    stranger = answer.json()["access_token"]
    assert (await town.ask("GET", "/places", stranger)).status_code == 404
    assert (await town.ask("GET", f"/places/{place['id']}", stranger)).status_code == 404
    foreign = await directory.ask("GET", f"/{other}/places/{place['id']}", stranger)
    assert foreign.status_code == 404
    inside = {"kind": "building", "title": "x", "code": "x", "parent_id": place["id"]}
    crossed = await directory.ask("POST", f"/{other}/places", stranger, json=inside)
    assert crossed.json()["type"] == "urn:jinlin:problem:unknown-id"
    assert (await town.ask("GET", "/places", "")).status_code == 401
    _, resident = await town.signed_in("resident")
    assert (await town.ask("GET", "/places", resident)).status_code == 200
    refused = await town.ask("POST", "/places", resident, json=inside)
    assert refused.status_code == 403


async def test_a_repeated_key_adds_one_place(town) -> None:
    body = {"kind": "grid", "title": "一网格", "code": "g1"}
    key = {"idempotency-key": ids.new_id().hex}
    first = await town.ask("POST", "/places", json=body, headers=key)
    second = await town.ask("POST", "/places", json=body, headers=key)
    assert first.json() == second.json()
    other = await town.ask("POST", "/places", json=body | {"code": "g2"}, headers=key)
    assert other.status_code == 422


async def test_a_snapshot_from_before_the_tombstone_leaves_as_the_tombstone(town, platform) -> None:
    place = await town.place("building")
    await town.ask("DELETE", f"/places/{place['id']}")
    snapshot = PlaceChanged(
        community=town.slug,
        place_id=place["id"],
        kind="building",
        parent_id=town.root_id,
        title="旧楼",
        occurred_at=clock.now(),
        version=1,
    )
    database = platform.database("directory")
    async with database.transaction(town.slug) as tx:
        await emit(tx, snapshot)
    body = await last_told(platform, f"evt.{town.slug}.directory.place_changed.v1.{place['id']}", 2)
    await database.close()
    assert body["removed"] is True

    async def all_sent() -> bool:
        return not await platform.rows(
            "directory", "SELECT 1 FROM outbox WHERE sent_at IS NULL AND community = :c",
            c=town.slug,
        )  # fmt: skip

    await eventually(all_sent)
    stream = platform.nats.jetstream()
    subject = f"evt.{town.slug}.directory.place_changed.v1.{place['id']}"
    last = await stream.get_last_msg("DIRECTORY", subject)
    assert orjson.loads(last.data or b"")["removed"] is True


async def test_republishing_tells_everything_again_tombstones_included(town, platform) -> None:
    place = await town.place("building")
    await town.ask("DELETE", f"/places/{place['id']}")
    before = await platform.told(PlaceChanged, place_id=UUID(place["id"]))
    database = platform.database("directory")
    async with database.transaction(ALL_COMMUNITIES) as tx:
        count = await actions.republish_all(tx)
    await database.close()
    after = await platform.told(PlaceChanged, place_id=UUID(place["id"]))
    assert len(after) == len(before) + 1
    assert (after[-1].removed, after[-1].version) == (True, 2)
    assert count >= 6


async def test_the_tables_in_the_code_are_those_of_the_migrations(directory, platform) -> None:
    def compare(sync: Connection) -> list:
        def is_ours(_object, name, kind, reflected, _other) -> bool:
            partition = str(name).startswith(("outbox_", "inbox_", "alembic"))
            return not (kind == "table" and reflected and partition)

        context = MigrationContext.configure(sync, opts={"include_object": is_ours})
        return compare_metadata(context, metadata)

    engine = create_async_engine(platform.databases.url("directory", owner=True))
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    assert not found


async def test_who_acts_for_an_organisation_knows_its_other_members(town) -> None:
    units = [
        await town.directory.made(
            f"/{town.slug}/organisations",
            town.staff,
            {"kind": "resident_unit", "title": title, "code": title},
        )
        for title in ("税务局", "学校")
    ]
    mine, other = (one["id"] for one in units)
    first, token = await town.signed_in(
        "organisation_member", name="王秀英", organisation_ids=[mine]
    )
    second = await town.person("volunteer", name="李国庆", organisation_ids=[mine, other])
    await town.person("organisation_member", name="赵铁柱", organisation_ids=[other])
    path = f"/organisations/{mine}/colleagues"
    page = (await town.ask("GET", path, token, params={"limit": 1})).json()
    rest = (await town.ask("GET", path, token, params={"after": page["next"]})).json()
    assert [*page["items"], *rest["items"]] == [
        {"id": second["id"], "name": "李国庆"},
        {"id": first["id"], "name": "王秀英"},
    ]
    for where, whose in ((f"/organisations/{other}/colleagues", token), (path, town.staff)):
        assert (await town.ask("GET", where, whose)).status_code == 404
