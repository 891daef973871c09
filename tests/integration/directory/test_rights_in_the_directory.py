"""Who may become whom: imports, invitations and passwords against those who would misuse them."""

import asyncio
from uuid import UUID

from services.directory import actions, store
from services.directory.actions import secret
from shared import ids
from shared.database import ALL_COMMUNITIES

PEOPLE = "name,phone,roles,place_code,organisation_codes,language,login_name,invite\n"
PASSWORD = "a long enough one"


def problem(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def imported(town, body: str, token: str | None = None):
    headers = {"content-type": "text/csv"}
    content = (PEOPLE + body).encode()
    return await town.ask("POST", "/people/import", token, content=content, headers=headers)


async def joined(town, directory, person_id: str, *roles: str) -> str:
    """Let a person of the town into another community, too."""
    other = f"o{ids.new_id().hex[-10:]}"
    body = {"slug": other, "title": "别处", "prefix": "BC"}
    await directory.made("/communities", directory.operator, body)
    path = f"/{other}/people/{person_id}/membership"
    answer = await directory.ask("PUT", path, directory.operator, json={"roles": roles})
    assert answer.status_code == 200, answer.text
    return other


async def entered(directory, code: str):
    return await directory.ask("POST", "/sign-in/invitation", json={"code": code})


async def with_password(town, directory) -> tuple[str, str]:
    """A resident who chose a password: their id and login name."""
    name = f"zhang{ids.new_id().hex[-8:]}"
    person, token = await town.signed_in("resident", login_name=name)
    answer = await directory.ask("POST", "/me/password", token, json={"new": PASSWORD})
    assert answer.status_code == 200, answer.text
    return person["id"], name


async def test_a_file_never_rewrites_somebody_who_belongs_elsewhere(town, directory, platform):
    name = f"zhang{ids.new_id().hex[-8:]}"
    person = await town.person("resident", phone="13812341234", login_name=name)
    await joined(town, directory, person["id"], "community_staff")
    refused = await imported(town, f"改名,13900000000,resident,,,en,{name},\n")
    assert problem(refused) == (400, "import-errors")
    columns = [one["column"] for one in refused.json()["errors"]]
    assert columns == ["name", "phone", "language"]
    renamed = await imported(town, "张桂兰,13812341234,resident,,,,other.name,\n")
    assert [one["column"] for one in renamed.json()["errors"]] == ["login_name"]
    roles = await imported(town, f"张桂兰,13812341234,volunteer,,,,{name},\n")
    assert (roles.status_code, roles.json()["updated"]) == (200, 1)
    (kept,) = await platform.rows(
        "directory", "SELECT name, phone, version FROM person WHERE id = :id", id=person["id"]
    )
    assert tuple(kept) == ("张桂兰", "13812341234", 1)


async def test_a_login_name_once_set_is_its_owners(town) -> None:
    name = f"zhang{ids.new_id().hex[-8:]}"
    first = await imported(town, "张三,13800000001,resident,,,,,\n")
    assert first.json()["created"] == 1
    given = await imported(town, f"张三,13800000001,resident,,,,{name},\n")
    assert given.json()["updated"] == 1
    for token in (town.staff, town.directory.operator):
        taken = await imported(town, "张三,13800000001,resident,,,,mine.now,\n", token)
        assert [one["column"] for one in taken.json()["errors"]] == ["login_name"]


async def test_an_invitation_ends_with_the_rights_it_was_checked_against(town, directory) -> None:
    async def code_of(person, worker: str) -> str:
        answer = await town.ask("POST", f"/people/{person['id']}/invitation", worker)
        assert answer.status_code == 201
        return answer.json()["code"]

    _, worker = await town.signed_in("grid_worker")
    promoted, moved = await town.person("resident"), await town.person("resident")
    listed = await town.person("resident", phone="13800000009")
    codes = [await code_of(one, worker) for one in (promoted, moved, listed)]
    path = f"/people/{promoted['id']}/membership"
    await town.ask("PUT", path, json={"roles": ["community_staff"]})
    await joined(town, directory, moved["id"], "community_staff")
    report = await imported(town, "张桂兰,13800000009,community_staff,,,,,yes\n")
    (renewed,) = report.json()["invitations"]
    for code in codes:
        assert problem(await entered(directory, code)) == (401, "wrong-code")
    assert (await entered(directory, renewed["code"])).json()["person_id"] == listed["id"]


async def test_whoever_has_a_password_is_not_invited_but_may_be_reset(town, directory) -> None:
    person_id, name = await with_password(town, directory)
    path = f"/people/{person_id}/invitation"
    _, worker = await town.signed_in("grid_worker")
    assert problem(await town.ask("POST", path)) == (409, "has-password")
    reset = {"reset": True}
    assert problem(await town.ask("POST", path, worker, json=reset)) == (403, "reset-not-allowed")
    made = await town.ask("POST", path, json=reset)
    assert made.status_code == 201
    credentials = {"login_name": name, "password": PASSWORD}
    session = await directory.ask("POST", "/sign-in", json=credentials)
    assert session.status_code == 200  # the old password is good until the code is used
    assert (await entered(directory, made.json()["code"])).status_code == 200
    assert problem(await directory.ask("POST", "/sign-in", json=credentials))[0] == 401
    token = {"refresh_token": session.json()["refresh_token"]}
    assert (await directory.ask("POST", "/refresh", json=token)).status_code == 401


async def test_choosing_a_password_ends_open_codes(town, directory) -> None:
    name = f"zhang{ids.new_id().hex[-8:]}"
    person, token = await town.signed_in("resident", login_name=name)
    code = await town.code(person["id"])
    await directory.ask("POST", "/me/password", token, json={"new": PASSWORD})
    assert problem(await entered(directory, code)) == (401, "wrong-code")


async def test_codes_of_a_lost_answer_are_made_anew(town, directory) -> None:
    body = "".join(f"张{n},1380000000{n},resident,,,,,yes\n" for n in range(3))
    lost = (await imported(town, body)).json()["invitations"]
    settled, _ = await with_password(town, directory)
    wanted = {"person_ids": [one["person_id"] for one in lost] + [settled]}
    made = await town.ask("POST", "/people/invitations", json=wanted)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    codes = {one["person_id"]: one["code"] for one in made.json()}
    assert set(codes) == {one["person_id"] for one in lost}
    assert (await entered(directory, lost[0]["code"])).status_code == 401
    assert (await entered(directory, codes[lost[0]["person_id"]])).status_code == 200
    boss, (_, worker) = await town.person("community_staff"), await town.signed_in("grid_worker")
    for people, token, status in (
        ([str(ids.new_id())], town.staff, 400),
        ([boss["id"], lost[1]["person_id"]], worker, 403),
        ([], town.staff, 422),
        ([str(ids.new_id()) for _ in range(501)], town.staff, 422),
    ):
        answer = await town.ask("POST", "/people/invitations", token, json={"person_ids": people})
        assert answer.status_code == status, answer.text
    await joined(town, directory, lost[2]["person_id"], "resident")
    foreign = {"person_ids": [lost[1]["person_id"], lost[2]["person_id"]]}
    refused = await town.ask("POST", "/people/invitations", json=foreign)
    assert problem(refused) == (403, "belongs-elsewhere")
    unharmed = codes[lost[1]["person_id"]]
    assert (await entered(directory, unharmed)).status_code == 200


async def test_kept_answers_tell_no_names(town, platform) -> None:
    key = {"idempotency-key": ids.new_id().hex}
    body = {"name": "王不留行", "roles": ["resident"], "phone": "13812349999"}
    first = await town.ask("POST", "/people", json=body, headers=key)
    again = await town.ask("POST", "/people", json=body, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    wanted = {"ids": [first.json()["id"]]}
    names = await town.ask("POST", "/people/names", json=wanted, headers=key)
    assert names.json()[0]["name"] == "王不留行"
    kept = await platform.rows(
        "directory", "SELECT body FROM answers WHERE community = :c", c=town.slug
    )
    assert len(kept) == 1
    assert "王不留行" not in bytes(kept[0].body).decode()


async def test_a_password_that_is_changed_twice_at_once_is_changed_once(town, directory, platform):
    person_id, name = await with_password(town, directory)
    database = platform.database("directory")

    def change(new: str):
        def transactions():
            return database.transaction(ALL_COMMUNITIES)

        return actions.change_password(
            transactions, UUID(person_id), old=PASSWORD, new=new, issuer="jinlin"
        )

    results = await asyncio.gather(
        change("the first new one"), change("the other new one"), return_exceptions=True
    )
    async with database.transaction(ALL_COMMUNITIES) as tx:
        account = await store.credentials(tx, login_name=name)
    await database.close()
    tokens = [isinstance(one, actions.Tokens) for one in results]
    assert sorted(tokens) == [False, True], results
    assert account is not None
    chosen = "the first new one" if tokens[0] else "the other new one"
    assert await secret.verify_password(chosen, account.password_hash)
