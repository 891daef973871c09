"""Somebody without an account follows a request, and answers for it, by a paper slip."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from services.requests import actions, store
from services.requests.domain.slip import CALM, FREE_TRIES_OF_AN_ADDRESS
from shared import clock, ids
from shared.codes import code_hash
from shared.database import ALL_COMMUNITIES
from shared.events import (
    RequestClosed,
    RequestRated,
    RequestReopened,
    RequestReworked,
    Taker,
    TaskCompleted,
    Work,
)
from shared.patience import mark
from tests.support.desk import Desk
from tests.support.platform import Person, Platform, eventually

SHOWN = {
    "community", "number", "title_zh", "title_en", "status", "cycle", "stars", "created_at",
    "steps", "closes_at", "choices", "not_solved_until", "good_until",
}  # fmt: skip


class Paper:
    """A slip in somebody's hand, at an address of its own."""

    def __init__(self, platform: Platform, code: str, address: str = "192.0.2.1") -> None:
        self.platform = platform
        self.code = code
        self.address = address

    async def ask(self, method: str = "GET", step: str = "", **request: Any) -> httpx.Response:
        app = await self.platform.app("requests")
        transport = httpx.ASGITransport(app, client=(self.address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            path = f"/api/requests/follow-up/{self.code}{step}"
            return await client.request(method, path, **request)

    async def say(self, step: str, body: object | None = None, **headers: str) -> httpx.Response:
        return await self.ask("POST", f"/{step}", json=body, headers=headers)


async def printed(desk: Desk, request_id: UUID, who: Person | None = None) -> Paper:
    answer = await desk.post(who or desk.staff, f"/{request_id}/slip")
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    slip = answer.json()
    assert slip["path"] == f"/f/{slip['code']}"
    return Paper(desk.platform, slip["code"])


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:jinlin:problem:")


async def test_the_slip_shows_where_the_request_stands_and_nobody(desk: Desk) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.listed()
    paper = await printed(desk, request_id)
    answer = await paper.ask()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    shown = answer.json()
    assert set(shown) == SHOWN
    assert (shown["status"], shown["title_zh"], shown["title_en"]) == ("listed", "维修", "Repairs")
    assert not any(shown["choices"].values())
    await desk.resolved(helper, request_id)
    shown = (await paper.ask()).json()
    assert [one["kind"] for one in shown["steps"]] == [
        "submitted", "registered", "listed", "slip_printed", "claimed", "started", "completed",
    ]  # fmt: skip
    assert all(set(one) == {"kind", "at", "cycle", "via"} for one in shown["steps"])
    assert shown["choices"] == {"confirm": True, "not_solved": True, "rate": False}
    people = (desk.resident.id, desk.staff.id, helper.id, desk.place, request_id)
    secrets = [*map(str, people), "三楼楼道灯不亮"]
    assert [one for one in secrets if one in answer.text] == []


async def test_confirmed_and_rated_by_the_slip_it_is_the_requesters_word(
    desk: Desk, platform: Platform
) -> None:
    request_id = await desk.resolved(await desk.hood.person("volunteer"))
    paper = await printed(desk, request_id)
    closed = (await paper.say("confirm")).json()
    assert closed["status"] == "closed"
    assert closed["choices"] == {"confirm": False, "not_solved": True, "rate": True}
    rated = await paper.say("rate", {"stars": 5, "note": "谢谢李师傅"})
    assert (rated.status_code, rated.json()["stars"]) == (200, 5)
    assert problem(await paper.say("rate", {"stars": 1})) == (409, "already-rated")
    assert problem(await paper.say("confirm")) == (409, "wrong-state")
    (told,) = await platform.told(RequestClosed, request_id=request_id)
    assert (told.closed_as, told.closed_by) == ("requester", desk.resident.id)
    assert (told.points_rule, told.work[0].service_minutes) == ("standard", 40)
    assert await platform.told(RequestRated, request_id=request_id, rated_by=desk.resident.id)
    history = (await desk.get(desk.staff, f"/requests/{request_id}/history")).json()
    assert [(one["kind"], one["by"], one["via"]) for one in history[-4:]] == [
        ("completed", None, None),
        ("slip_printed", str(desk.staff.id), None),
        ("closed", str(desk.resident.id), "slip"),
        ("rated", str(desk.resident.id), "slip"),
    ]
    neighbour = await desk.hood.person("resident")
    seen = (await desk.get(neighbour, f"/requests/{request_id}/history")).json()
    assert {(one["by"], one["via"], one["note"]) for one in seen} == {(None, None, "")}


async def test_not_solved_sends_it_back_and_later_opens_it_again(
    desk: Desk, platform: Platform
) -> None:
    helper = await desk.hood.person("volunteer")
    request_id = await desk.resolved(helper)
    paper = await printed(desk, request_id)
    assert problem(await paper.say("not-solved", {"reason": " "})) == (400, "reason-missing")
    back = (await paper.say("not-solved", {"reason": "还是不亮"})).json()
    assert (back["status"], back["cycle"]) == ("in_progress", 1)
    assert await platform.told(RequestReworked, request_id=request_id)
    taker = Taker(kind="person", id=helper.id)
    work = (Work(taker=taker, person_id=helper.id, service_minutes=50),)
    await desk.task(TaskCompleted, request_id, work=work)
    await desk.status(request_id, "resolved")
    await paper.say("confirm")
    again = (await paper.say("not-solved", {"reason": "第二天又不亮了"})).json()
    assert (again["status"], again["cycle"], again["stars"]) == ("accepted", 2, None)
    (told,) = await platform.told(RequestReopened, request_id=request_id)
    assert told.work == work
    history = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    said = [(one["kind"], one["note"]) for one in history if one["via"] == "slip"]
    assert said == [("reworked", "还是不亮"), ("closed", ""), ("reopened", "第二天又不亮了")]


async def test_signed_in_the_owner_says_the_same_and_nobody_else_does(desk: Desk) -> None:
    request_id = await desk.resolved(await desk.hood.person("volunteer"))
    reason = {"reason": "还是不亮"}
    for who in (await desk.hood.person("resident"), desk.staff):
        refused = await desk.post(who, f"/{request_id}/not-solved", reason)
        assert problem(refused) == (403, "not-yours")
    back = await desk.post(desk.resident, f"/{request_id}/not-solved", reason)
    assert (back.status_code, back.json()["status"]) == (200, "in_progress")
    history = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    assert (history[-1]["kind"], history[-1]["via"]) == ("reworked", None)


async def test_staff_and_owners_print_and_nobody_else(desk: Desk) -> None:
    request_id = await desk.submitted()
    for who in (desk.staff, desk.resident, desk.verifier):
        await printed(desk, request_id, who)
    stranger = await desk.hood.person("resident", "volunteer")
    assert problem(await desk.post(stranger, f"/{request_id}/slip")) == (403, "not-yours")


async def test_the_history_tells_for_good_who_printed_a_slip(
    desk: Desk, platform: Platform
) -> None:
    request_id = await desk.submitted()
    before = (await desk.get(desk.staff, f"/requests/{request_id}")).json()
    await printed(desk, request_id)
    await printed(desk, request_id, desk.verifier)
    assert (await desk.get(desk.staff, f"/requests/{request_id}")).json() == before
    history = (await desk.get(desk.resident, f"/requests/{request_id}/history")).json()
    assert [(one["kind"], one["by"], one["version"]) for one in history] == [
        ("submitted", str(desk.resident.id), 1),
        ("slip_printed", str(desk.staff.id), 1),
        ("slip_printed", str(desk.verifier.id), 1),
    ]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await platform.rows(
            "requests", "UPDATE printed_slip SET printed_by = :by RETURNING 1", by=desk.resident.id
        )


async def test_a_slip_that_its_handler_printed_cannot_confirm(desk: Desk) -> None:
    worker = await desk.hood.person("grid_worker")
    request_id = await desk.listed()
    paper = await printed(desk, request_id, worker)
    await desk.resolved(worker, request_id)
    assert (await paper.ask()).json()["choices"] == {
        "confirm": False, "not_solved": True, "rate": False,
    }  # fmt: skip
    assert problem(await paper.say("confirm")) == (403, "slip-of-a-handler")
    assert (await (await printed(desk, request_id)).say("confirm")).status_code == 200
    assert problem(await paper.ask()) == (404, "no-slip")


async def test_a_code_opens_however_it_is_typed_until_another_is_printed(
    desk: Desk, platform: Platform
) -> None:
    request_id = await desk.submitted()
    old = await printed(desk, request_id)
    typed = Paper(platform, old.code.lower().replace("-", " "), "192.0.2.2")
    assert (await typed.ask()).status_code == 200
    new = await printed(desk, request_id)
    assert problem(await old.ask()) == (404, "no-slip")
    assert (await new.ask()).status_code == 200
    kept = await platform.rows(
        "requests", "SELECT code_hash FROM slip WHERE community = :c", c=desk.hood.slug
    )
    assert [bytes(one.code_hash) for one in kept] == [code_hash(new.code)]


async def test_one_who_guesses_learns_nothing_and_waits_longer_each_time(
    desk: Desk, platform: Platform
) -> None:
    paper = await printed(desk, await desk.submitted())
    guess = Paper(platform, "0000-0000-0000", "192.0.2.3")
    for _ in range(FREE_TRIES_OF_AN_ADDRESS):
        assert problem(await guess.ask()) == (404, "no-slip")
    for step in ("confirm", "rate", "not-solved"):
        waiting = await guess.say(step, {"stars": 5})
        assert problem(waiting) == (429, "too-many-attempts")
        assert 0 < int(waiting.headers["retry-after"]) <= 16
    right = Paper(platform, paper.code, guess.address)
    assert (await right.ask()).status_code == 429
    assert (await paper.ask()).status_code == 200


async def test_guesses_that_come_together_are_no_more_than_one_after_the_other(
    desk: Desk, platform: Platform
) -> None:
    guess = Paper(platform, "3333-3333-3333", "192.0.2.8")
    for _ in range(FREE_TRIES_OF_AN_ADDRESS - 1):
        assert (await guess.ask()).status_code == 404
    answers = await asyncio.gather(*(guess.ask() for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [404, 429, 429, 429, 429, 429]


async def test_while_many_guess_everywhere_the_right_code_opens_still(
    desk: Desk, platform: Platform
) -> None:
    paper = await printed(desk, await desk.submitted())
    database = platform.database("requests")
    everywhere = mark("all", "")
    async with database.transaction(ALL_COMMUNITIES) as tx:
        siege = await store.attempts.count(tx, *[everywhere] * CALM, now=clock.now())
    try:
        guess = Paper(platform, "1111-1111-1111", "192.0.2.4")
        answers = [(await guess.ask()).status_code for _ in range(3)]
        assert answers == [404, 429, 429]
        assert (await Paper(platform, paper.code, "192.0.2.5").ask()).status_code == 200
    finally:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            await store.attempts.forget(tx, siege, everywhere)
        await database.close()


async def test_an_ended_code_answers_as_one_that_never_was_and_is_forgotten(
    desk: Desk, platform: Platform
) -> None:
    request_id, kept_id = await desk.submitted(), await desk.submitted()
    paper, kept = await printed(desk, request_id), await printed(desk, kept_id)
    await desk.post(desk.resident, f"/{request_id}/cancel", {"reason": "好了"})
    assert (await paper.ask()).json()["good_until"]
    await platform.rows(
        "requests",
        "UPDATE service_request SET updated_at = updated_at - CAST(:days AS interval) "
        "WHERE id = :id RETURNING 1",
        days=timedelta(days=31),
        id=request_id,
    )
    ended = await paper.ask()
    never = await Paper(platform, "2222-2222-2222").ask()
    assert (ended.status_code, ended.content) == (never.status_code, never.content)
    again = await desk.post(desk.staff, f"/{request_id}/slip")
    assert problem(again) == (409, "too-late-for-a-slip")
    database = platform.database("requests")
    async with database.transaction(ALL_COMMUNITIES) as tx:
        await actions.forget_ended_slips(tx)
    await database.close()
    left = await platform.rows(
        "requests", "SELECT request_id FROM slip WHERE community = :c", c=desk.hood.slug
    )
    assert [one.request_id for one in left] == [kept_id]
    assert (await kept.ask()).status_code == 200


async def test_a_double_tap_confirms_once_and_no_code_is_kept(
    desk: Desk, platform: Platform
) -> None:
    first_id = await desk.resolved(await desk.hood.person("volunteer"))
    paper = await printed(desk, first_id)
    key = {"idempotency-key": ids.new_id().hex}
    taps = await asyncio.gather(*(paper.say("confirm", **key) for _ in range(4)))
    assert {one.status_code for one in taps} <= {200, 409}
    again = await paper.say("confirm", **key)
    assert (again.status_code, again.json()["status"]) == (200, "closed")
    assert again.headers["idempotency-replayed"] == "true"
    other = await paper.say("rate", {"stars": 3}, **key)
    assert problem(other) == (422, "key-reused")
    neighbour = await printed(desk, await desk.submitted())
    assert problem(await neighbour.say("confirm", **key)) == (409, "wrong-state")
    kept = await platform.rows(
        "requests", "SELECT * FROM answers WHERE community = :c", c=desk.hood.slug
    )
    assert len(kept) == 1
    assert paper.code not in str([list(one) for one in kept])
    assert len(await platform.told(RequestClosed, request_id=first_id)) == 1


@pytest.mark.parametrize("code", ["x", "null", "a%00b", "%F0%9F%98%80", "字" * 50, "*"])
async def test_whatever_is_typed_is_answered(desk: Desk, code: str) -> None:
    paper = Paper(desk.platform, code, "192.0.2.6")
    assert problem(await paper.ask()) in {(404, "no-slip"), (404, "not-found")}


async def test_a_rating_is_one_to_five(desk: Desk) -> None:
    paper = await printed(desk, await desk.submitted())
    for stars in (0, 6, "five", None):
        assert problem(await paper.say("rate", {"stars": stars})) == (422, "malformed")


async def test_the_code_is_found_by_its_index(desk: Desk, platform: Platform) -> None:
    await printed(desk, await desk.submitted())
    database = platform.database("requests")
    try:
        async with database.transaction(ALL_COMMUNITIES) as tx:
            await tx.execute(text("SET LOCAL enable_seqscan = off"))
            plan = await tx.execute(
                text("EXPLAIN SELECT * FROM slip WHERE code_hash = :hash"), {"hash": b"x" * 32}
            )
    finally:
        await database.close()
    assert "Index Cond: (code_hash" in "\n".join(plan.scalars())


async def test_staff_file_for_a_member_who_has_no_account(town, platform: Platform) -> None:
    """Through the real directory: added by name, without a phone, a login name or an invitation."""
    place = await town.place("building")
    boss, token = await town.signed_in("community_staff", name="王站长")
    elder = await town.person("resident", name="赵奶奶")
    async with await platform.client("requests", token) as client:

        async def arrived() -> bool:
            known = await client.get(f"/{town.slug}/known")
            catalogue = await client.get(f"/{town.slug}/catalogue")
            everybody = known.status_code == 200 and known.json()["memberships"] >= 3
            return everybody and bool(known.json()["places"] > 1 and catalogue.json())

        await eventually(arrived)
        asking = {
            "category": "repair", "description": "水龙头漏水", "place_id": place["id"],
            "requester_id": elder["id"], "service_minutes": 15, "spoken_word": "修好了",
        }  # fmt: skip
        settled = await client.post(f"/{town.slug}/requests/on-the-spot", json=asking)
        assert settled.status_code == 201, settled.text
        request = settled.json()
        assert (request["requester_id"], request["filed_by"]) == (elder["id"], boss["id"])
        client.headers["authorization"] = f"Bearer {town.staff}"
        path = f"/{town.slug}/requests/{request['id']}"
        slip = (await client.post(f"{path}/slip")).json()
        paper = Paper(platform, slip["code"], "192.0.2.7")
        assert (await paper.say("rate", {"stars": 4})).json()["stars"] == 4
        again = await paper.say("not-solved", {"reason": "又漏了"})
        assert again.json()["status"] == "registered"
        history = (await client.get(f"{path}/history")).json()
    assert [(one["kind"], one["by"], one["via"]) for one in history[-2:]] == [
        ("rated", elder["id"], "slip"),
        ("reopened", elder["id"], "slip"),
    ]
