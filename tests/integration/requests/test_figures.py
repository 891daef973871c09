"""The figures of a community: what its histories say, its rows say, and the dashboard shows."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID

import pytest

from services.requests import store
from services.requests.store import Figures, GridFigures, Period
from shared import clock, ids
from tests.integration.requests.lives import Life, live
from tests.integration.requests.test_queues import UNRESOLVED
from tests.support.desk import Desk
from tests.support.platform import Person, Platform

SHANGHAI = timedelta(hours=8)


def counted(lives: Sequence[Life], period: Period) -> Figures:
    """The figures again, from the histories alone, one request after the other."""
    today = datetime.combine((period.now + SHANGHAI).date(), time(), UTC) - SHANGHAI
    found: Counter[str] = Counter()
    for one in lives:
        status, closed_at, due_at = one.request.status, one.closed_at, one.due_at
        found["total_case"] += 1
        found["total_accepted"] += one.last("registered", "resolved") is not None
        found["total_solved"] += status == "closed"
        found["pending"] += status == "submitted"
        found["processing"] += status in {*UNRESOLVED, "resolved"}
        found["added_today"] += one.steps[0].at >= today
        found["solved_today"] += closed_at is not None and closed_at >= today
        is_recent = closed_at is not None and closed_at > period.since
        is_rated = one.steps[-1].kind == "rated"
        found["rated"] += is_recent and is_rated
        found["satisfied"] += is_recent and is_rated and one.request.stars >= 4
        if due_at and period.since < due_at <= period.now and status not in ENDED:
            found["due"] += 1
            found["on_time"] += is_confirmed(one) and one.last("completed", "resolved") <= due_at
    return Figures(**{name: found[name] for name in Figures.__dataclass_fields__})


ENDED = {"rejected", "cancelled"}


def is_confirmed(one: Life) -> bool:
    """Whether the last solution has been verified, or confirmed by somebody's closing."""
    steps = [step for step in one.steps if step.kind != "rated"]
    if steps[-1].via == "timeout":
        del steps[-1]
    return steps[-1].kind in {"closed", "verified"}


class Tree:
    """Two grids with a building each, and one building in no grid."""

    async def grow(self, desk: Desk) -> "Tree":
        place = desk.hood.place
        self.grids = [await place("grid") for _ in range(3)]
        self.buildings = [
            await place("building", await place("compound", grid)) for grid in self.grids[:2]
        ]
        await desk.hood.arrived("requests", places=8)
        self.inside = {
            self.grids[0]: {self.grids[0], self.buildings[0]},
            self.grids[1]: {self.grids[1], self.buildings[1]},
            self.grids[2]: {self.grids[2]},
        }
        self.places: list[UUID] = [desk.place, *self.buildings, self.grids[1]]
        return self


@pytest.mark.parametrize("seed", range(6))
async def test_figures_are_what_the_histories_say(
    desk: Desk, platform: Platform, seed: int
) -> None:
    now, random = clock.now(), Random(seed)
    tree = await Tree().grow(desk)
    lives = await live(desk, random, 120, tree.places, now)
    database, slug = platform.database("requests"), desk.hood.slug
    try:
        for days in (1, 7, 30):
            period = Period(now, now - timedelta(days=days))
            async with database.transaction(slug) as tx:
                assert await store.figures(tx, slug, grid=None, period=period) == counted(
                    lives, period
                )
                for area in (*tree.grids, tree.buildings[0]):
                    inside = tree.inside.get(area, {area})
                    theirs = [one for one in lives if one.request.place_id in inside]
                    figures = await store.figures(tx, slug, grid=area, period=period)
                    assert figures == counted(theirs, period)
                grids = await store.figures_by_grid(tx, slug, period=period)
            assert by_grid(grids) == expected_by_grid(lives, tree, period)
            async with database.transaction("*") as tx:
                all_of_them = {one: row for one, _, row in await store.figures_of_all(tx, period)}
            assert all_of_them[slug] == counted(lives, period)
    finally:
        await database.close()
    month = counted(lives, period)
    assert 0 < month.on_time < month.due
    assert 0 < month.satisfied < month.rated


def by_grid(grids: Sequence[GridFigures]) -> dict[UUID | None, tuple[int, int, int]]:
    return {one.grid_id: (one.open, one.overdue, one.closed) for one in grids}


def expected_by_grid(
    lives: Sequence[Life], tree: Tree, period: Period
) -> dict[UUID | None, tuple[int, int, int]]:
    everywhere = set().union(*tree.inside.values())
    outside = {one.request.place_id for one in lives} - everywhere
    expected = {}
    for grid, inside in {**tree.inside, None: outside}.items():
        theirs = [one for one in lives if one.request.place_id in inside]
        expected[grid] = (
            sum(one.request.status in {*UNRESOLVED, "submitted", "resolved"} for one in theirs),
            sum(
                one.request.status in UNRESOLVED
                and one.due_at is not None
                and one.due_at < period.now
                for one in theirs
            ),
            sum(one.closed_at is not None and one.closed_at > period.since for one in theirs),
        )
    return expected


DIRECT = {
    "processing": "status NOT IN ('submitted', 'closed', 'rejected', 'cancelled')",
    "added_today": "(created_at AT TIME ZONE 'Asia/Shanghai')::date = (now() AT TIME ZONE"
    " 'Asia/Shanghai')::date",
    "solved_today": "(closed_at AT TIME ZONE 'Asia/Shanghai')::date = (now() AT TIME ZONE"
    " 'Asia/Shanghai')::date",
    "pending": "status = 'submitted'",
    "total_case": "true",
    "total_accepted": "EXISTS (SELECT FROM step WHERE request_id = id"
    " AND kind IN ('registered', 'resolved'))",
    "total_solved": "status = 'closed'",
}


async def test_the_overview_equals_direct_sql(desk: Desk, platform: Platform) -> None:
    await live(desk, Random(7), 80, [desk.place], clock.now())
    shown = (await desk.get(desk.staff, "/stats/overview")).json()
    for name, condition in DIRECT.items():
        sql = f"SELECT count(*) FROM service_request WHERE community = :slug AND {condition}"
        [row] = await platform.rows("requests", sql, slug=desk.hood.slug)
        assert shown[name] == row[0], name
    assert shown.keys() == {*DIRECT, "on_time_completion_rate", "satisfaction_rate"}
    for rate in ("on_time_completion_rate", "satisfaction_rate"):
        one = shown[rate]
        assert one["rate"] == one["numerator"] / one["denominator"]
    ended = "status IN ('rejected', 'cancelled')"
    sql = f"SELECT count(*) FROM service_request WHERE community = :slug AND {ended}"
    [row] = await platform.rows("requests", sql, slug=desk.hood.slug)
    parts = shown["pending"] + shown["processing"] + shown["total_solved"] + row[0]
    assert parts == shown["total_case"]


async def test_where_nothing_happened_there_is_no_rate(desk: Desk) -> None:
    shown = (await desk.get(desk.staff, f"/stats/overview?grid={desk.place}&days=7")).json()
    nothing = {"numerator": 0, "denominator": 0, "rate": None}
    assert shown == dict.fromkeys(DIRECT, 0) | {
        "on_time_completion_rate": nothing,
        "satisfaction_rate": nothing,
    }


async def test_an_operator_compares_communities_and_nobody_else_does(
    desk: Desk, platform: Platform
) -> None:
    await desk.submitted()
    path = "/stats/overview"

    async def asked(token: str) -> tuple[int, list[dict]]:
        async with await platform.client("requests", token) as client:
            answer = await client.get(path)
        return answer.status_code, answer.json()

    status, rows = await asked(platform.token(ids.new_id(), platform_roles=["operator"]))
    assert status == 200
    [own] = [one for one in rows if one["community"] == desk.hood.slug]
    assert (own["title"], own["pending"], own["total_case"]) == ("测试社区", 1, 1)
    assert [one["community"] for one in rows] == sorted(one["community"] for one in rows)
    assert (await asked(desk.staff.token))[0] == 403


async def test_grids_are_told_by_title(desk: Desk) -> None:
    grid = await desk.hood.place("grid")
    await desk.hood.arrived("requests", places=2)
    worker: Person = desk.verifier
    await desk.submitted()
    shown = (await desk.get(worker, "/stats/grids")).json()
    assert shown == [
        {"grid_id": str(grid), "title": "1栋", "open": 0, "overdue": 0, "closed": 0},
        {"grid_id": None, "title": None, "open": 1, "overdue": 0, "closed": 0},
    ]
    assert (await desk.get(desk.resident, "/stats/grids")).status_code == 403
