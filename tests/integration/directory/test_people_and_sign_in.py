"""People, invitations and sign-in over HTTP."""

import asyncio
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import KeySet

from services.directory import actions
from services.directory.actions import secret
from shared import ids
from shared.database import ALL_COMMUNITIES
from shared.events import MembershipChanged, PersonChanged, SigningKeyChanged
from shared.identity import ALGORITHM

OPERATOR = {"login_name": "operator", "password": "correct horse battery"}


async def test_a_member_is_told_by_id_and_shown_masked(town, platform) -> None:
    fields = {"phone": "138 1234 1234", "language": "en", "login_name": f"P{ids.new_id().hex}"}
    person, token = await town.signed_in("resident", **fields)
    assert set(person) == {"id", "version"}
    (told,) = await platform.told(PersonChanged, person_id=UUID(person["id"]))
    assert (told.community, told.language) == ("_", "en")
    (membership,) = await platform.told(MembershipChanged, person_id=UUID(person["id"]))
    assert membership.roles == ("resident",)
    bodies = await platform.rows("directory", "SELECT body FROM outbox")
    assert not any("张桂兰" in row.body or "13812341234" in row.body for row in bodies)
    found = (await town.ask("GET", "/people", params={"q": "桂兰", "role": "resident"})).json()
    assert [one["id"] for one in found["items"]] == [person["id"]]
    assert found["items"][0]["phone"] == "138****1234"
    assert (await town.ask("GET", "/people", token)).status_code == 403
    wanted = {"ids": [person["id"], str(ids.new_id())]}
    full = (await town.ask("POST", "/people/names", json=wanted)).json()
    assert full == [{"id": person["id"], "name": "张桂兰"}]
    masked = (await town.ask("POST", "/people/names", token, json=wanted)).json()
    assert masked[0]["name"] == "张*"


async def test_one_member_is_read_masked_and_for_their_community_only(town, directory) -> None:
    person, token = await town.signed_in("resident", phone="13812341234")
    path = f"/people/{person['id']}"
    found = await town.ask("GET", path)
    assert (found.status_code, found.json()["phone"]) == (200, "138****1234")
    assert found.headers["etag"] == f'"{found.json()["version"]}"'
    assert (await town.ask("GET", path, token)).status_code == 403
    assert (await town.ask("GET", f"/people/{ids.new_id()}")).status_code == 404
    await town.ask("DELETE", f"{path}/membership")
    assert (await town.ask("GET", path)).status_code == 404


async def test_bad_people_are_refused(town) -> None:
    place = await town.place()
    good = {"name": "李四", "roles": ["resident"]}
    for body, status in (
        (good | {"roles": []}, 422),
        (good | {"roles": ["operator"]}, 422),
        (good | {"phone": "no"}, 422),
        (good | {"name": "a\x00b"}, 422),
        (good | {"platform_roles": ["operator"]}, 422),
        (good | {"place_id": str(ids.new_id())}, 400),
        (good | {"organisation_ids": [place["id"]]}, 400),
        (good | {"login_name": OPERATOR["login_name"]}, 409),
    ):
        answer = await town.ask("POST", "/people", json=body)
        assert answer.status_code == status, (body, answer.text)


async def test_only_community_staff_grant_trusted_roles_or_hand_out_their_codes(town) -> None:
    _, worker = await town.signed_in("grid_worker")
    boss = await town.person("community_staff")
    neighbour = await town.person("resident")
    path = f"/people/{boss['id']}"
    terms = {"roles": ["community_staff"]}
    for method, where, body in (
        ("POST", "/people", {"name": "王五", "roles": ["points_approver"]}),
        ("PUT", f"/people/{neighbour['id']}/membership", terms),
        ("PUT", f"{path}/membership", {"roles": ["resident"]}),
        ("DELETE", f"{path}/membership", None),
        ("POST", f"{path}/invitation", None),
    ):
        answer = await town.ask(method, where, worker, json=body)
        assert (answer.status_code, answer.json()["type"]) == (
            403,
            "urn:jinlin:problem:trusted-role",
        )
    volunteer = {"roles": ["resident", "volunteer"]}
    granted = await town.ask("PUT", f"/people/{neighbour['id']}/membership", worker, json=volunteer)
    assert granted.json()["roles"] == ["resident", "volunteer"]
    promoted = await town.ask("PUT", f"/people/{neighbour['id']}/membership", json=terms)
    assert promoted.headers["etag"] == '"3"'
    stale = await town.ask(
        "PUT", f"/people/{neighbour['id']}/membership", json=terms, headers={"if-match": '"1"'}
    )
    assert stale.status_code == 412


async def test_an_invitation_never_crosses_communities(town, directory) -> None:
    other = f"o{ids.new_id().hex[-10:]}"
    body = {"slug": other, "title": "别处", "prefix": "BC"}
    await directory.made("/communities", directory.operator, body)
    person = await town.person("resident")
    path = f"/{other}/people/{person['id']}/membership"
    joined = await directory.ask(
        "PUT", path, directory.operator, json={"roles": ["community_staff"]}
    )
    assert joined.status_code == 200
    refused = await town.ask("POST", f"/people/{person['id']}/invitation")
    assert refused.json()["type"] == "urn:jinlin:problem:belongs-elsewhere"
    token = (await town.tokens(person["id"]))["access_token"]
    me = (await directory.ask("GET", "/me", token)).json()
    assert {one["community"] for one in me["memberships"]} == {town.slug, other}
    stranger = await town.ask(
        "PUT", f"/people/{ids.new_id()}/membership", json={"roles": ["resident"]}
    )
    assert stranger.status_code == 404


async def test_a_membership_ends_as_a_tombstone_and_can_begin_again(town, directory, platform):
    person, token = await town.signed_in("resident")
    path = f"/people/{person['id']}/membership"
    code = await town.code(person["id"])
    assert (await town.ask("DELETE", path)).status_code == 204
    assert (await town.ask("DELETE", path)).status_code == 404
    *_, told = await platform.told(MembershipChanged, person_id=UUID(person["id"]))
    assert (told.removed, told.roles, told.version) == (True, (), 2)
    used = await directory.ask("POST", "/sign-in/invitation", json={"code": code})
    assert used.status_code == 401
    assert (await directory.ask("GET", "/me", token)).json()["memberships"] == []
    back = await town.ask("PUT", path, json={"roles": ["volunteer"]})
    assert (back.json()["roles"], back.json()["version"]) == (["volunteer"], 3)


async def test_a_code_signs_in_once_however_it_is_typed(town, directory) -> None:
    person = await town.person("resident")
    old = await town.code(person["id"])
    code = await town.code(person["id"])
    typed = {"code": f" {code.replace('-', ' ').lower()} "}
    answers = await asyncio.gather(
        *(directory.ask("POST", "/sign-in/invitation", json=typed) for _ in range(5))
    )
    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401, 401]
    voided = await directory.ask("POST", "/sign-in/invitation", json={"code": old})
    assert voided.json()["type"] == "urn:jinlin:problem:wrong-code"
    kept = await directory.platform.rows("directory", "SELECT code_hash FROM invitation")
    assert secret.code_hash(code) in {bytes(row.code_hash) for row in kept}


async def test_a_used_refresh_token_ends_its_whole_family(town, directory) -> None:
    person = await town.person("resident")
    first = (await town.tokens(person["id"]))["refresh_token"]
    answer = await directory.ask("POST", "/refresh", json={"refresh_token": first})
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()["refresh_token"]
    for token in (first, second):
        refused = await directory.ask("POST", "/refresh", json={"refresh_token": token})
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:jinlin:problem:refresh-refused"
    other = (await town.tokens(person["id"]))["refresh_token"]
    out = await directory.ask("POST", "/sign-out", json={"refresh_token": other})
    assert out.status_code == 204
    gone = await directory.ask("POST", "/refresh", json={"refresh_token": other})
    assert gone.status_code == 401


async def test_a_password_is_set_changed_and_guarded(town, directory) -> None:
    person, token = await town.signed_in("resident")
    new = {"new": "a long enough one"}
    nameless = await directory.ask("POST", "/me/password", token, json=new)
    assert nameless.json()["type"] == "urn:jinlin:problem:login-name-missing"
    name = f"zhang{ids.new_id().hex[-8:]}"
    me = await directory.ask("PUT", "/me", token, json={"language": "en", "login_name": name})
    assert (me.json()["language"], me.json()["version"]) == ("en", 2)
    taken = {"language": "en", "login_name": OPERATOR["login_name"]}
    assert (await directory.ask("PUT", "/me", token, json=taken)).status_code == 409
    assert (
        await directory.ask("POST", "/me/password", token, json={"new": "short"})
    ).status_code == 422
    session = (await town.tokens(person["id"]))["refresh_token"]
    assert (await directory.ask("POST", "/me/password", token, json=new)).status_code == 200
    ended = await directory.ask("POST", "/refresh", json={"refresh_token": session})
    assert ended.status_code == 401
    again = await directory.ask("POST", "/me/password", token, json=new | {"old": "wrong"})
    assert again.status_code == 401
    credentials = {"login_name": name.upper(), "password": new["new"]}
    signed = await directory.ask("POST", "/sign-in", json=credentials)
    assert signed.status_code == 200
    claims_of = jwt.decode(
        signed.json()["access_token"],
        KeySet.import_key_set((await directory.ask("GET", "/jwks.json")).json()),
        algorithms=[ALGORITHM],
    ).claims
    assert claims_of["exp"] - claims_of["iat"] == 600
    assert claims_of["memberships"][town.slug]["roles"] == ["resident"]


async def test_failures_are_counted_per_name_and_success_begins_anew(town, directory, platform):
    name = f"ghost{ids.new_id().hex[-8:]}"
    wrong = {"login_name": name, "password": "not this one"}
    for _ in range(5):
        answer = await directory.ask("POST", "/sign-in", json=wrong)
        assert answer.json()["type"] == "urn:jinlin:problem:wrong-credentials"
    sixth = await directory.ask("POST", "/sign-in", json=wrong)
    assert sixth.status_code == 429
    assert 0 < int(sixth.headers["retry-after"]) <= 16
    assert (await directory.ask("POST", "/sign-in", json=OPERATOR)).status_code == 200
    mark = secret.mark("name", name)
    kept = await platform.rows("directory", "SELECT at FROM failed_sign_in WHERE mark = :m", m=mark)
    assert len(kept) == 5


async def test_parallel_attempts_are_not_free(directory, platform) -> None:
    name = f"ghost{ids.new_id().hex[-8:]}"
    wrong = {"login_name": name, "password": "not this one"}
    answers = await asyncio.gather(
        *(directory.ask("POST", "/sign-in", json=wrong) for _ in range(8))
    )
    refused = [one.status_code for one in answers]
    assert refused.count(401) <= 5
    assert set(refused) <= {401, 429}


async def test_one_key_is_made_and_told_and_its_private_part_stays(directory, platform) -> None:
    keys = (await directory.ask("GET", "/jwks.json")).json()["keys"]
    assert len(keys) == 1
    assert "d" not in keys[0]
    told = await platform.told(SigningKeyChanged)  # republishing may have told it again
    assert all(one.public_key == keys[0] for one in told)
    assert told
    token = platform.token(ids.new_id(), platform_roles=["operator"])
    assert (await directory.ask("GET", "/communities", token)).status_code == 401


async def test_replicas_that_start_together_make_one_key_and_one_operator(directory, platform):
    async def start() -> None:
        database = platform.database("directory")
        async with database.transaction(ALL_COMMUNITIES) as tx:
            await actions.ensure_issuer_key(tx)
            made = await actions.ensure_operator(
                tx, login_name="second.operator", password="another long password"
            )
            assert made
        await database.close()

    await asyncio.gather(start(), start(), start())
    assert len(await platform.rows("directory", "SELECT key_id FROM issuer_key")) == 1
    operators = await platform.rows(
        "directory", "SELECT platform_roles FROM person WHERE login_name = 'second.operator'"
    )
    assert [list(row.platform_roles) for row in operators] == [["operator"]]
