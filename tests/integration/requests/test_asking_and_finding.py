"""Asking, the catalogue, lists and search; and everything that can be asked wrongly."""

import asyncio
from uuid import UUID, uuid4

import pytest

from shared import clock
from shared.events import (
    CommunityChanged,
    RequestSubmitted,
    Taker,
    TaskClaimed,
    TaskDeclined,
)
from tests.support.desk import Desk
from tests.support.platform import Platform, eventually

UNKNOWN = str(uuid4())


def problem(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:jinlin:problem:")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"category": "no-such"}, (400, "unknown-id")),
        ({"category": "BAD CODE"}, (422, "malformed")),
        ({"place_id": UNKNOWN}, (400, "unknown-id")),
        ({"place_id": "not an id"}, (422, "malformed")),
        ({"requester_id": UNKNOWN}, (400, "unknown-id")),
        ({"description": ""}, (422, "malformed")),
        ({"description": "   "}, (422, "malformed")),
        ({"description": "字" * 2001}, (422, "malformed")),
        ({"points": 1000}, (422, "malformed")),
        ({"status": "closed"}, (422, "malformed")),
    ],
)
async def test_a_wrong_asking_leaves_nothing_behind(
    desk: Desk, platform: Platform, changes: dict, expected: tuple
) -> None:
    asking = {"category": "repair", "description": "灯", "place_id": str(desk.place)}
    assert problem(await desk.post(desk.resident, "", asking | changes)) == expected
    found = await desk.get(desk.staff, "/requests")
    assert found.json() == {"items": [], "next": None}
    assert await platform.told(RequestSubmitted, community=desk.hood.slug) == []


async def test_a_neighbour_files_for_somebody_else_who_then_owns_the_request(desk: Desk) -> None:
    request_id = await desk.submitted(requester_id=str(desk.staff.id))
    request = (await desk.get(desk.staff, f"/requests/{request_id}")).json()
    assert (request["requester_id"], request["filed_by"]) == (
        str(desk.staff.id),
        str(desk.resident.id),
    )


async def test_private_requests_are_for_staff_and_those_they_concern(desk: Desk) -> None:
    private = await desk.submitted(category="company")
    public = await desk.submitted()
    for request_id in (private, public):
        await desk.post(desk.staff, f"/{request_id}/register")
    neighbour = await desk.hood.person("resident")
    seen = [one["id"] for one in (await desk.get(neighbour, "/requests")).json()["items"]]
    assert seen == [str(public)]
    assert problem(await desk.get(neighbour, f"/requests/{private}")) == (404, "not-found")
    assert problem(await desk.get(neighbour, f"/requests/{private}/history")) == (404, "not-found")
    shown = (await desk.get(neighbour, f"/requests/{public}")).json()
    assert (shown["requester_id"], shown["filed_by"], shown["work"]) == (None, None, [])
    await desk.post(desk.resident, f"/{public}/cancel", {"reason": "我住院了"})
    history = (await desk.get(neighbour, f"/requests/{public}/history")).json()
    assert {(one["by"], one["note"]) for one in history} == {(None, "")}
    own = (await desk.get(desk.resident, f"/requests/{public}/history")).json()
    assert (own[-1]["by"], own[-1]["note"]) == (str(desk.resident.id), "我住院了")


async def test_what_stands_in_the_note_is_for_those_it_concerns(desk: Desk) -> None:
    note = "3单元501室，请打给王阿姨 13800138000"
    asked = await desk.submitted(note=note)
    asking = {"category": "repair", "description": "灯", "place_id": str(desk.place), "note": note}
    settled = asking | {"service_minutes": 5, "spoken_word": "好了"}
    done = (await desk.post(desk.staff, "/on-the-spot", settled)).json()["id"]
    neighbour = await desk.hood.person("resident")
    for request_id, who in ((asked, desk.resident), (asked, desk.staff), (done, desk.staff)):
        history = (await desk.get(who, f"/requests/{request_id}/history")).json()
        assert (history[0]["kind"], history[0]["note"]) == ("submitted", note)
    for path in (f"/requests/{asked}/history", f"/requests/{asked}", "/requests?q=王阿姨"):
        assert "王阿姨" not in (await desk.get(neighbour, path)).text
    too_long = await desk.post(desk.resident, "", asking | {"note": "字" * 2001})
    assert problem(too_long) == (422, "malformed")


async def test_pages_follow_each_other_without_gap_or_repeat(desk: Desk) -> None:
    made = [str(await desk.submitted()) for _ in range(5)]
    seen: list[str] = []
    after = ""
    while True:
        page = (await desk.get(desk.staff, f"/requests?limit=2{after}")).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("楼道", 1),
        ("道灯", 1),
        ("楼道灯不亮", 1),
        ("灯", 1),
        ("道楼", 0),
        ("下水", 0),
        ("LED", 1),
        ("led灯", 1),
    ],
)
async def test_search_finds_chinese_and_latin_words(desk: Desk, words: str, found: int) -> None:
    await desk.submitted(description="三楼楼道灯不亮，请换 LED灯")
    await desk.submitted(description="垃圾没有人清")
    answer = await desk.get(desk.staff, f"/requests?q={words}")
    assert len(answer.json()["items"]) == found


async def test_filters_narrow_the_list(desk: Desk) -> None:
    registered = await desk.submitted()
    await desk.post(desk.staff, f"/{registered}/register")
    other = await desk.submitted(category="errand")

    async def ids(query: str) -> list[str]:
        answer = await desk.get(desk.staff, f"/requests?{query}")
        return [one["id"] for one in answer.json()["items"]]

    assert await ids("status=registered") == [str(registered)]
    assert await ids("status=registered&status=submitted") == [str(other), str(registered)]
    assert await ids("category=errand") == [str(other)]
    assert await ids(f"place_id={desk.place}&category=repair") == [str(registered)]
    assert await ids("mine=true") == []


async def test_a_handler_finds_the_own_requests(desk: Desk) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.listed()
    await desk.listed()
    taker = Taker(kind="person", id=helper.id)
    await desk.task(TaskClaimed, request_id, taker=taker, person_id=helper.id)
    await desk.status(request_id, "accepted")
    mine = (await desk.get(helper, "/requests?mine=true")).json()["items"]
    assert [one["id"] for one in mine] == [str(request_id)]
    await desk.task(TaskDeclined, request_id, taker=taker, person_id=helper.id)
    await desk.status(request_id, "listed")
    assert (await desk.get(helper, "/requests?mine=true")).json()["items"] == []


async def test_a_community_that_ends_opens_no_catalogue(desk: Desk, platform: Platform) -> None:
    ended = CommunityChanged(
        community=desk.hood.slug, slug=desk.hood.slug, title="旧", prefix="JX",
        occurred_at=clock.now(), version=9, removed=True,
    )  # fmt: skip
    told = await platform.tell(ended)

    async def worked_in() -> list:
        return await platform.rows(
            "requests",
            "SELECT 1 FROM inbox WHERE consumer = 'requests-communities' AND event_id = :id",
            id=told.event_id,
        )

    await eventually(worked_in)


async def test_numbers_have_no_gap_under_concurrency(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.submitted() for _ in range(12)))
    requests = (await desk.get(desk.staff, "/requests?limit=100")).json()["items"]
    numbers = sorted(int(one["number"].rsplit("-", 1)[1]) for one in requests)
    assert numbers == list(range(1, len(made) + 1))


async def test_two_who_register_at_once_are_one_winner_and_one_refusal(desk: Desk) -> None:
    request_id = await desk.submitted()
    answers = await asyncio.gather(
        *(desk.post(desk.staff, f"/{request_id}/register") for _ in range(8))
    )
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7


async def test_a_stale_version_is_refused(desk: Desk) -> None:
    request_id = await desk.submitted()
    fresh = await desk.post(desk.staff, f"/{request_id}/register", **{"if-match": '"1"'})
    assert fresh.headers["etag"] == '"2"'
    stale = await desk.post(desk.staff, f"/{request_id}/list", {}, **{"if-match": '"1"'})
    assert problem(stale) == (412, "stale-version")


async def test_dispatching_to_nobody_known_or_to_one_who_takes_nothing_is_refused(
    desk: Desk,
) -> None:
    request_id = await desk.submitted()
    await desk.post(desk.staff, f"/{request_id}/register")
    for one in (UNKNOWN, str(desk.resident.id)):
        taker = {"taker": {"kind": "person", "id": one}}
        assert problem(await desk.post(desk.staff, f"/{request_id}/dispatch", taker)) == (
            400,
            "unknown-id",
        )


async def test_staff_change_the_catalogue_and_old_requests_keep_their_terms(desk: Desk) -> None:
    before = await desk.submitted()
    client = await platform_client(desk)
    terms = {"title_zh": "修理", "title_en": "Repair", "points_rule": None}
    async with client:
        changed = await client.put(f"/{desk.hood.slug}/catalogue/repair", json=terms)
    assert changed.status_code == 200
    after = await desk.submitted()
    rules = [
        (await desk.get(desk.staff, f"/requests/{one}")).json()["points_rule"]
        for one in (before, after)
    ]
    assert rules == ["standard", None]


async def platform_client(desk: Desk):
    return await desk.platform.client("requests", desk.staff.token)


async def test_ids_of_other_communities_answer_as_if_they_did_not_exist(
    desk: Desk, platform: Platform
) -> None:
    request_id: UUID = await desk.submitted()
    other = await platform.community()
    stranger = await other.person("community_staff")
    async with await platform.client("requests", stranger.token) as client:
        own = await client.get(f"/{other.slug}/requests/{request_id}")
        foreign = await client.get(f"/{desk.hood.slug}/requests/{request_id}")
        acted = await client.post(f"/{other.slug}/requests/{request_id}/register")
    assert [problem(one) for one in (own, foreign, acted)] == [(404, "not-found")] * 3


async def test_who_is_asked_to_take_a_private_request_reads_it_until_they_answer(
    desk: Desk,
) -> None:
    unit = await desk.hood.organisation()
    asked = await desk.hood.person("volunteer")
    member = await desk.hood.person("organisation_member", organisations=[unit])
    other = await desk.hood.person("volunteer")
    await desk.hood.arrived("requests", organisations=1, memberships=6)
    one, two = [await desk.submitted(category="company") for _ in range(2)]
    for request_id, taker in (
        (one, {"kind": "person", "id": str(asked.id)}),
        (two, {"kind": "organisation", "id": str(unit)}),
    ):
        await desk.post(desk.staff, f"/{request_id}/register", {})
        answer = await desk.post(desk.staff, f"/{request_id}/dispatch", {"taker": taker})
        assert answer.status_code == 200, answer.text
    for who, seen in ((asked, {one}), (member, {two}), (other, set())):
        for request_id in (one, two):
            answer = await desk.get(who, f"/requests/{request_id}")
            assert answer.status_code == (200 if request_id in seen else 404)
            if answer.status_code == 200:
                assert answer.json()["requester_id"] is None
        found = (await desk.get(who, f"/requests?ids={one}&ids={two}")).json()["items"]
        assert {UUID(one["id"]) for one in found} == seen
    task = {"taker": Taker(kind="person", id=asked.id), "person_id": asked.id}
    await desk.task(TaskDeclined, one, **task)
    await desk.status(one, "registered")
    assert (await desk.get(asked, f"/requests/{one}")).status_code == 404


async def test_requests_are_found_by_their_ids(desk: Desk) -> None:
    first, _, third = [await desk.submitted() for _ in range(3)]
    found = (await desk.get(desk.resident, f"/requests?ids={first}&ids={third}")).json()["items"]
    assert [UUID(one["id"]) for one in found] == [third, first]
