"""Accounts and rules by HTTP: who may see what, pages, versions, and what is refused."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.points import actions
from shared import clock, ids
from shared.database import Database
from shared.events import RequestClosed, Taker, Work
from tests.support.platform import Neighbourhood, Person, Platform, eventually

TERMS = {"points_base": 1, "points_per_hour": 6, "largest_points": 20}


class Office:
    """A community whose ledger is filled directly, seen by HTTP."""

    def __init__(self, hood: Neighbourhood, database: Database) -> None:
        self.hood = hood
        self.database = database

    async def open(self) -> "Office":
        self.platform = self.hood.platform
        self.resident = await self.hood.person("resident")
        self.staff = await self.hood.person("community_staff")
        await self.hood.arrived("points", memberships=2)
        await eventually(self.rules)
        return self

    async def ask(
        self, who: Person | None, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        token = who.token if who else None
        async with await self.platform.client("points", token) as client:
            return await client.request(
                method, f"/{self.hood.slug}{path}", json=body, headers=headers
            )

    async def get(self, who: Person | None, path: str) -> httpx.Response:
        return await self.ask(who, "GET", path)

    async def rules(self) -> list[dict[str, Any]]:
        return (await self.get(self.staff, "/rules")).json()

    async def closed(self, count: int, *, rule: str = "standard") -> None:
        """So many closed requests of one hour each, helped by the resident."""
        taker = Taker(kind="person", id=self.resident.id)
        work = (Work(taker=taker, person_id=taker.id, service_minutes=60),)
        closings = [
            RequestClosed(
                event_id=ids.new_id(), community=self.hood.slug, occurred_at=clock.now(),
                version=9, request_id=ids.new_id(), number="WH-1", cycle=1, category="repair",
                requester_id=self.staff.id, filed_by=self.staff.id, closed_by=self.staff.id,
                closed_as="requester", work=work, points_rule=rule,
            )
            for _ in range(count)
        ]  # fmt: skip
        async with self.database.transaction(self.hood.slug) as tx:
            await actions.award(tx, closings)


@pytest_asyncio.fixture
async def office(hood: Neighbourhood) -> AsyncIterator[Office]:
    await hood.platform.app("points")
    database = hood.platform.database("points")
    yield await Office(hood, database).open()
    await database.close()


async def test_an_account_is_empty_before_its_first_points(office: Office) -> None:
    account = (await office.get(office.resident, "/accounts/me")).json()
    assert account == {
        "owner_kind": "person",
        "owner_id": str(office.resident.id),
        "balance": 0,
        "awarded": 0,
        "reversed": 0,
    }
    statement = (await office.get(office.resident, "/accounts/me/statement")).json()
    assert statement == {"items": [], "next": None}
    assert (await office.get(office.staff, "/totals")).json()["issued"] == 0


async def test_a_statement_comes_in_pages_newest_first(office: Office) -> None:
    await office.closed(7)
    seen: list[str] = []
    path = "/accounts/me/statement?limit=3"
    after = ""
    for expected in (3, 3, 1):
        page = (await office.get(office.resident, path + after)).json()
        assert len(page["items"]) == expected
        seen += [one["id"] for one in page["items"]]
        after = f"&after={page['next']}"
    assert page["next"] is None
    assert seen == sorted(set(seen), reverse=True)
    by_staff = await office.get(office.staff, f"/accounts/persons/{office.resident.id}/statement")
    assert [one["id"] for one in by_staff.json()["items"]] == seen


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        # own account, a person's, a strange organisation's, totals, rules, change a rule
        ("resident", (200, 403, 403, 403, 200, 403)),
        ("volunteer", (200, 403, 403, 403, 200, 403)),
        ("points_approver", (200, 403, 403, 403, 200, 403)),
        ("grid_worker", (200, 200, 200, 200, 200, 403)),
        ("community_staff", (200, 200, 200, 200, 200, 200)),
        ("subdistrict_staff", (200, 200, 200, 200, 200, 403)),
        ("integrator", (403, 403, 403, 403, 200, 403)),
        ("auditor", (403, 200, 200, 200, 200, 403)),
        ("operator", (403, 403, 403, 200, 200, 200)),
    ],
)
async def test_who_may_do_what(office: Office, role: str, statuses: tuple[int, ...]) -> None:
    organisation = await office.hood.organisation()
    await office.hood.arrived("points", organisations=1)
    person_id = ids.new_id()
    token = (
        office.platform.token(person_id, platform_roles=[role])
        if role in {"auditor", "operator"}
        else office.hood.token(person_id, role)
    )
    who = Person(person_id, token)
    answers = [
        await office.get(who, "/accounts/me"),
        await office.get(who, f"/accounts/persons/{office.resident.id}"),
        await office.get(who, f"/accounts/organisations/{organisation}/statement"),
        await office.get(who, "/totals"),
        await office.get(who, "/rules"),
        await office.ask(who, "PUT", "/rules/errand", TERMS),
    ]
    assert tuple(one.status_code for one in answers) == statuses


async def test_strangers_learn_nothing(office: Office, platform: Platform) -> None:
    elsewhere = Person(
        ids.new_id(), platform.token(ids.new_id(), {"other": {"roles": ["resident"]}})
    )
    paths = ("/accounts/me", "/accounts/me/statement", "/totals", "/rules")
    for path in (*paths, f"/accounts/persons/{office.resident.id}"):
        assert (await office.get(elsewhere, path)).status_code == 404
        assert (await office.get(None, path)).status_code == 401
    other = await platform.community()
    abroad = Office(other, office.database)
    await office.closed(1)
    abroad.platform, token = platform, other.token(ids.new_id(), "community_staff")
    answer = await abroad.get(Person(UUID(int=1), token), f"/accounts/persons/{office.resident.id}")
    assert answer.status_code == 404


@pytest.mark.parametrize("kind", ["persons", "organisations"])
async def test_ids_that_name_nothing(office: Office, kind: str) -> None:
    for end in ("", "/statement"):
        unknown = await office.get(office.staff, f"/accounts/{kind}/{ids.new_id()}{end}")
        assert (unknown.status_code, unknown.json()["type"]) == (
            404,
            "urn:jinlin:problem:not-found",
        )
        assert (await office.get(office.staff, f"/accounts/{kind}/7{end}")).status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=7"])
async def test_a_page_that_cannot_be(office: Office, query: str) -> None:
    answer = await office.get(office.resident, f"/accounts/me/statement?{query}")
    assert answer.status_code == 422


async def test_a_rule_gets_its_next_version_and_keeps_what_was_earned(office: Office) -> None:
    await office.closed(1)
    put = await office.ask(office.staff, "PUT", "/rules/standard", TERMS, **{"if-match": '"1"'})
    assert (put.status_code, put.headers["etag"], put.json()["version"]) == (200, '"2"', 2)
    await office.closed(1)
    lines = (await office.get(office.resident, "/accounts/me/statement")).json()["items"]
    assert [one["points"] for one in lines] == [7, 15]
    stale = await office.ask(office.staff, "PUT", "/rules/standard", TERMS, **{"if-match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:jinlin:problem:stale-version")


async def test_a_planned_version_is_listed_beside_the_present_one(office: Office) -> None:
    first = {one["code"]: one["points_of_an_hour"] for one in await office.rules()}
    assert first == {"errand": 13, "heavy": 25, "standard": 15}
    planned = TERMS | {"valid_from": (clock.now() + timedelta(days=30)).isoformat()}
    assert (await office.ask(office.staff, "PUT", "/rules/heavy", planned)).status_code == 200
    heavy = [one["version"] for one in await office.rules() if one["code"] == "heavy"]
    assert heavy == [1, 2]
    await office.ask(office.staff, "PUT", "/rules/heavy", TERMS)
    heavy = [one["version"] for one in await office.rules() if one["code"] == "heavy"]
    assert heavy == [3]


async def test_a_new_rule_is_taken_from_then_on(office: Office) -> None:
    put = await office.ask(office.staff, "PUT", "/rules/night", TERMS)
    assert put.json()["version"] == 1
    await office.closed(1, rule="night")
    assert (await office.get(office.resident, "/accounts/me")).json()["balance"] == 7
    unknown = await office.ask(office.staff, "PUT", "/rules/dawn", TERMS, **{"if-match": '"1"'})
    assert unknown.status_code == 412


@pytest.mark.parametrize(
    ("code", "change", "status"),
    [
        ("standard", {"points_base": -1}, 422),
        ("standard", {"points_base": 10**9}, 422),
        ("standard", {"points_per_hour": 1.5}, 422),
        ("standard", {"largest_points": None}, 422),
        ("standard", {"unknown": 1}, 422),
        ("standard", {"valid_from": "2030-01-01T00:00:00"}, 422),
        ("standard", {"valid_from": "2020-01-01T00:00:00Z"}, 400),
        ("standard", {"valid_from": "9999-12-31T23:59:59-14:00"}, 400),
        ("standard", {"valid_from": "0001-01-01T00:00:00+14:00"}, 400),
        ("NOT_A_SLUG", {}, 422),
    ],
)
async def test_terms_that_cannot_be(
    office: Office, code: str, change: dict[str, Any], status: int
) -> None:
    before = await office.rules()
    answer = await office.ask(office.staff, "PUT", f"/rules/{code}", TERMS | change)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].startswith("urn:jinlin:problem:")
    assert await office.rules() == before
