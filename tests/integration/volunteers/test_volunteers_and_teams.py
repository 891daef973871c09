"""Who volunteers, and in which teams."""

import httpx
import pytest_asyncio

from shared import clock, ids
from shared.events import MembershipChanged
from tests.support.platform import Neighbourhood, Person, eventually


class Roll:
    """The roll of a community's volunteers."""

    def __init__(self, hood: Neighbourhood) -> None:
        self.hood = hood

    async def open(self) -> "Roll":
        self.staff = await self.hood.person("community_staff")
        self.helper = await self.hood.person("volunteer")
        await self.hood.arrived("volunteers", memberships=2)
        return self

    async def ask(
        self, who: Person, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        async with await self.hood.platform.client("volunteers", who.token) as client:
            return await client.request(
                method, f"/{self.hood.slug}{path}", json=body, headers=headers
            )


@pytest_asyncio.fixture
async def roll(hood: Neighbourhood) -> Roll:
    return await Roll(hood).open()


async def told(
    roll: Roll, who: Person, *roles: str, version: int = 2, removed: bool = False
) -> None:
    """The directory says what somebody is from now on."""
    await roll.hood.platform.tell(
        MembershipChanged(
            community=roll.hood.slug,
            person_id=who.id,
            roles=roles,
            removed=removed,
            version=version,
            occurred_at=clock.now(),
        )
    )


async def test_a_member_volunteers_once_and_takes_a_break(roll: Roll) -> None:
    assert (await roll.ask(roll.helper, "GET", "/volunteers/me")).status_code == 404
    skills = {"skills": ["repair", "errand", "repair"], "note": "周末有空"}
    made = await roll.ask(roll.helper, "POST", "/volunteers", skills)
    assert (made.status_code, made.json()["skills"]) == (201, ["errand", "repair"])
    again = await roll.ask(roll.helper, "POST", "/volunteers", skills)
    assert (again.status_code, again.json()["type"]) == (
        409,
        "urn:jinlin:problem:already-registered",
    )
    change = {"skills": ["learning"], "state": "paused"}
    tag = {"if-match": made.headers["etag"]}
    paused = await roll.ask(roll.helper, "PUT", "/volunteers/me", change, **tag)
    assert (paused.json()["state"], paused.headers["etag"]) == ("paused", '"2"')
    assert (await roll.ask(roll.helper, "PUT", "/volunteers/me", change, **tag)).status_code == 412
    own = (await roll.ask(roll.helper, "GET", "/volunteers/me")).json()
    assert own == paused.json()


async def test_staff_register_others_and_find_them_by_skill(roll: Roll) -> None:
    someone = {"person_id": str(roll.helper.id), "skills": ["repair"]}
    assert (await roll.ask(roll.staff, "POST", "/volunteers", someone)).status_code == 201
    unknown = {"person_id": str(ids.new_id())}
    answer = await roll.ask(roll.staff, "POST", "/volunteers", unknown)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:jinlin:problem:unknown-id")
    other = {"person_id": str(roll.staff.id)}
    assert (await roll.ask(roll.helper, "POST", "/volunteers", other)).status_code == 403
    assert (await roll.ask(roll.helper, "GET", "/volunteers")).status_code == 403
    found = (await roll.ask(roll.staff, "GET", "/volunteers?skill=repair")).json()["items"]
    assert [one["person_id"] for one in found] == [str(roll.helper.id)]
    for none in ("skill=errand", "state=paused"):
        assert not (await roll.ask(roll.staff, "GET", f"/volunteers?{none}")).json()["items"]


async def test_whoever_offers_to_help_waits_for_a_role(roll: Roll) -> None:
    neighbour = await roll.hood.person("resident")
    await roll.hood.arrived("volunteers", memberships=3)
    made = await roll.ask(neighbour, "POST", "/volunteers", {"skills": ["errand"]})
    assert (made.status_code, made.json()["may_take"]) == (201, False)
    assert (await roll.ask(roll.helper, "POST", "/volunteers", {})).json()["may_take"] is True

    async def listed(may_take: str) -> list[str]:
        answer = await roll.ask(roll.staff, "GET", f"/volunteers?may_take={may_take}")
        return [one["person_id"] for one in answer.json()["items"]]

    assert (await listed("false"), await listed("true")) == (
        [str(neighbour.id)],
        [str(roll.helper.id)],
    )
    await told(roll, neighbour, "resident", "volunteer")

    async def agreed() -> bool:
        return (await roll.ask(neighbour, "GET", "/volunteers/me")).json()["may_take"]

    await eventually(agreed)
    assert await listed("false") == []
    await told(roll, neighbour, version=3, removed=True)

    async def left() -> bool:
        return await listed("true") == [str(roll.helper.id)]

    await eventually(left)


async def test_staff_read_and_change_what_a_volunteer_told_them(roll: Roll) -> None:
    path = f"/volunteers/{roll.helper.id}"
    change = {"skills": ["company"], "note": "电话里说的", "state": "paused"}
    assert (await roll.ask(roll.staff, "GET", path)).status_code == 404
    assert (await roll.ask(roll.staff, "PUT", path, change)).status_code == 404
    await roll.ask(roll.helper, "POST", "/volunteers", {"skills": ["repair"]})
    shown = await roll.ask(roll.staff, "GET", path)
    assert (shown.json()["skills"], shown.headers["etag"]) == (["repair"], '"1"')
    tag = {"if-match": shown.headers["etag"]}
    changed = await roll.ask(roll.staff, "PUT", path, change, **tag)
    assert changed.json()["note"] == "电话里说的"
    assert (await roll.ask(roll.staff, "PUT", path, change, **tag)).status_code == 412
    assert (await roll.ask(roll.helper, "GET", "/volunteers/me")).json() == changed.json()
    other = f"/volunteers/{roll.staff.id}"
    assert (await roll.ask(roll.helper, "GET", other)).status_code == 403
    assert (await roll.ask(roll.helper, "PUT", other, change)).status_code == 403


async def test_many_volunteers_and_teams_in_a_few_calls(roll: Roll) -> None:
    people = [await roll.hood.person("volunteer") for _ in range(12)]
    await roll.hood.arrived("volunteers", memberships=14)
    members = [str(one.id) for one in people]
    body = {"person_ids": [*members, members[0]], "skills": ["repair"]}
    made = await roll.ask(roll.staff, "POST", "/volunteers/bulk", body)
    assert made.json() == {"registered": 12, "known_before": 0}
    more = {"person_ids": [*members, str(roll.helper.id)]}
    made = await roll.ask(roll.staff, "POST", "/volunteers/bulk", more)
    assert made.json() == {"registered": 1, "known_before": 12}
    first = (await roll.ask(roll.staff, "GET", "/volunteers?limit=8")).json()
    rest = (await roll.ask(roll.staff, "GET", f"/volunteers?after={first['next']}")).json()
    assert len({one["person_id"] for one in first["items"] + rest["items"]}) == 13
    grouping = {"title": "银龄互助队", "kind": "mutual-aid", "leader_id": members[0]}
    team = await roll.ask(roll.staff, "POST", "/teams", grouping | {"member_ids": members[1:6]})
    assert (team.status_code, sorted(team.json()["member_ids"])) == (201, sorted(members[:6]))
    bulk_wrong = {"person_ids": [members[0], str(ids.new_id())]}
    assert (await roll.ask(roll.staff, "POST", "/volunteers/bulk", bulk_wrong)).status_code == 400


async def test_teams_are_read_by_members_and_changed_by_staff(roll: Roll) -> None:
    grouping = {"title": "巡逻队", "kind": "patrol", "leader_id": str(roll.helper.id)}
    assert (await roll.ask(roll.helper, "POST", "/teams", grouping)).status_code == 403
    wrong = grouping | {"member_ids": [str(ids.new_id())]}
    assert (await roll.ask(roll.staff, "POST", "/teams", wrong)).status_code == 400
    assert (await roll.ask(roll.staff, "POST", "/teams", grouping | {"title": ""})).status_code == (
        422
    )
    team = (await roll.ask(roll.staff, "POST", "/teams", grouping)).json()
    path = f"/teams/{team['id']}"
    members = {"leader_id": str(roll.staff.id), "member_ids": [str(roll.helper.id)]}
    changed = await roll.ask(roll.staff, "PUT", f"{path}/members", members, **{"if-match": '"1"'})
    assert (changed.json()["version"], len(changed.json()["member_ids"])) == (2, 2)
    alone = {"leader_id": str(roll.staff.id)}
    stale = await roll.ask(roll.staff, "PUT", f"{path}/members", alone, **{"if-match": '"1"'})
    assert stale.status_code == 412
    await roll.ask(roll.staff, "PUT", f"{path}/members", alone)
    seen = (await roll.ask(roll.helper, "GET", path)).json()
    assert seen["member_ids"] == [str(roll.staff.id)]
    listed = (await roll.ask(roll.helper, "GET", "/teams")).json()["items"]
    assert [one["id"] for one in listed] == [team["id"]]
    assert (await roll.ask(roll.helper, "GET", f"/teams/{ids.new_id()}")).status_code == 404


async def test_a_former_member_cannot_join_a_team(roll: Roll) -> None:
    leaver = await roll.hood.person("volunteer")
    await roll.hood.arrived("volunteers", memberships=3)
    await told(roll, leaver, removed=True)

    async def refused() -> bool:
        grouping = {"title": "队", "kind": "patrol", "leader_id": str(leaver.id)}
        return (await roll.ask(roll.staff, "POST", "/teams", grouping)).status_code == 400

    await eventually(refused)


async def test_hours_of_strangers_are_not_told(roll: Roll) -> None:
    assert (await roll.ask(roll.staff, "GET", f"/service-hours/{ids.new_id()}")).status_code == 404
    path = f"/service-hours/{roll.staff.id}"
    assert (await roll.ask(roll.helper, "GET", path)).status_code == 403
    own = (await roll.ask(roll.helper, "GET", "/service-hours/me")).json()
    assert (own["service_minutes"], own["records"]["items"]) == (0, [])
