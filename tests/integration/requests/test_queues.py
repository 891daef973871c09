"""The queues of the desk: what waits for which step, most urgent first, however much is done."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.requests import store
from services.requests.domain import Queue
from services.requests.store import searches
from shared import clock
from shared.database import Transaction
from tests.integration.requests.lives import Life, live
from tests.support.desk import Desk
from tests.support.platform import Platform

UNRESOLVED = {"registered", "listed", "dispatched", "accepted", "in_progress"}
WEEK = timedelta(days=7)
BURIED = 10_000
GRIDS = 6
FEW = 600
"""Far more rows than a page or a queue needs, far fewer than there are."""


def waits(one: Life, queue: Queue, now: datetime) -> bool:
    """Whether a request stands in a queue, as its history says."""
    status, due_at, closed_at = one.request.status, one.due_at, one.closed_at
    is_settled = [step.kind for step in one.steps][-2:] == ["resolved", "closed"]
    unrated = one.steps[-1].kind != "rated"
    clock_runs = due_at is not None and status in UNRESOLVED
    return {
        Queue.TO_TRIAGE: lambda: status == "submitted",
        Queue.TO_DISPATCH: lambda: status in {"registered", "listed"},
        Queue.DUE_SOON: lambda: clock_runs and one.due_soon_at <= now <= due_at,
        Queue.OVERDUE: lambda: clock_runs and now > due_at,
        Queue.TO_VERIFY: lambda: status == "resolved",
        Queue.TO_CALL_BACK: lambda: (
            closed_at is not None and now - WEEK < closed_at <= now and unrated and not is_settled
        ),
    }[queue]()


ORDERS: dict[Queue, Callable[[Life], object]] = {
    Queue.DUE_SOON: lambda one: (one.due_at, one.request.id),
    Queue.OVERDUE: lambda one: (one.due_at, one.request.id),
    Queue.TO_CALL_BACK: lambda one: (one.closed_at, one.request.id),
}


async def in_pages(tx: Transaction, wanted: dict, now: datetime) -> list[UUID]:
    """All of a list, three at a time."""
    found: list[UUID] = []
    after = None
    while True:
        page = await store.search(tx, store.Search(**wanted, after=after, limit=3), now=now)
        found += [one.id for one in page[:3]]
        if len(page) <= 3:
            return found
        after = found[-1]


@pytest.mark.parametrize("seed", range(3))
async def test_queues_and_their_counts_are_what_the_histories_say(
    desk: Desk, platform: Platform, seed: int
) -> None:
    now, random = clock.now(), Random(seed)
    grid = await desk.hood.place("grid")
    building = await desk.hood.place("building", await desk.hood.place("compound", grid))
    await desk.hood.arrived("requests", places=4)
    lives = await live(desk, random, 200, [desk.place, building, grid], now)
    areas = {None: {desk.place, building, grid}, grid: {building, grid}, building: {building}}
    moments = [now + timedelta(days=days) for days in (-10, 0, 2)]
    database, slug = platform.database("requests"), desk.hood.slug
    met: Counter[Queue] = Counter()
    try:
        async with database.transaction(slug) as tx:
            for moment, (area, inside) in product(moments, areas.items()):
                counts = await store.count_queues(tx, slug, grid=area, now=moment)
                for queue in Queue:
                    expected = [
                        one
                        for one in lives
                        if one.request.place_id in inside and waits(one, queue, moment)
                    ]
                    expected.sort(key=ORDERS.get(queue, lambda one: one.request.id))
                    wanted = {"community": slug, "seen_by": None, "queue": queue, "grid": area}
                    found = await in_pages(tx, wanted, moment)
                    assert found == [one.request.id for one in expected], (queue, area)
                    assert counts[queue] == len(expected)
                    met[queue] += len(expected)
    finally:
        await database.close()
    assert met.keys() == set(Queue)


async def test_the_desk_sees_its_queues(desk: Desk, platform: Platform) -> None:
    submitted = await desk.submitted()
    registered = await desk.submitted()
    late = await desk.listed()
    await desk.post(desk.staff, f"/{registered}/register")
    change = "UPDATE service_request SET due_at = now() - interval '1 h' WHERE id = :id RETURNING 1"
    await platform.rows("requests", change, id=late)
    settled = await desk.post(
        desk.verifier,
        "/on-the-spot",
        {
            "category": "repair", "description": "换灯泡", "place_id": str(desk.place),
            "requester_id": str(desk.resident.id), "service_minutes": 10, "spoken_word": "亮了",
        },
    )  # fmt: skip
    counts = (await desk.get(desk.verifier, "/requests/queues")).json()
    assert counts == {
        "to_triage": 1, "to_dispatch": 2, "due_soon": 0, "overdue": 1, "to_verify": 0,
        "to_call_back": 0,
    }  # fmt: skip
    for queue, expected in {"to_triage": [submitted], "to_dispatch": [registered, late]}.items():
        listed = (await desk.get(desk.staff, f"/requests?queue={queue}")).json()
        assert [one["id"] for one in listed["items"]] == [str(one) for one in expected]
    seen = (await desk.get(desk.staff, f"/requests/{registered}")).json()
    due, soon = (datetime.fromisoformat(seen[one]) for one in ("due_at", "due_soon_at"))
    assert due - soon == timedelta(hours=48) / 5
    assert settled.json()["due_at"] is None
    assert (await desk.get(desk.staff, "/requests?queue=no-such")).status_code == 422


async def test_a_list_begins_with_what_is_due_first_where_that_is_wanted(
    desk: Desk, platform: Platform
) -> None:
    unlimited, late, soon, later = [await desk.submitted() for _ in range(4)]
    change = "UPDATE service_request SET due_at = :due_at WHERE id = :id RETURNING 1"
    for request, hours in ((late, -1), (soon, 1), (later, 2)):
        due_at = clock.now() + timedelta(hours=hours)
        await platform.rows("requests", change, id=request, due_at=due_at)
    asked, found, after = "/requests?order=due&limit=1&status=submitted", [], ""
    for _ in range(4):
        page = (await desk.get(desk.verifier, asked + after)).json()
        found += [one["id"] for one in page["items"]]
        after = f"&after={page['next']}"
    assert page["next"] is None
    assert found == [str(one) for one in (late, soon, later, unlimited)]
    queue = (await desk.get(desk.verifier, "/requests?order=due&queue=to_triage")).json()
    waiting = [one["id"] for one in queue["items"]]
    assert waiting == [str(one) for one in (unlimited, late, soon, later)]


async def test_the_list_of_a_grid_holds_what_lies_in_it(desk: Desk) -> None:
    grid = await desk.hood.place("grid")
    building = await desk.hood.place("building", await desk.hood.place("compound", grid))
    await desk.hood.arrived("requests", places=4)
    await desk.submitted()
    inside = [await desk.submitted(place_id=str(place)) for place in (grid, building)]
    listed = (await desk.get(desk.verifier, f"/requests?grid={grid}")).json()["items"]
    assert [one["id"] for one in listed] == [str(one) for one in reversed(inside)]
    counts = (await desk.get(desk.verifier, f"/requests/queues?grid={grid}")).json()
    assert counts["to_triage"] == 2
    other = (await desk.get(desk.verifier, f"/requests?grid={desk.resident.id}")).json()
    assert other["items"] == []


READ = text("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables")
PLACES = """
WITH grid AS (
    INSERT INTO known_place
    SELECT :slug, uuidv7(), 1, 'grid', NULL, n || '网格', false FROM generate_series(1, :grids) AS n
    RETURNING place_id, title
)
INSERT INTO known_place
SELECT :slug, uuidv7(), 1, 'building', grid.place_id, n || '栋', false
FROM grid, generate_series(1, 20) AS n
RETURNING parent_id, place_id
"""
BURY = """
INSERT INTO service_request (
    community, id, number, category, description, place_id, requester_id, filed_by, visibility,
    evidence_needed, takers_wanted, status, version, cycle, work, handler_ids, task_version,
    closed_at, closed_as, created_at, updated_at, limit_hours, registered_at, due_soon_at, due_at)
SELECT :slug, uuidv7(interval '-60 days' + n * interval '1 s'), 'OLD-' || n, 'repair', '旧',
       (CAST(:places AS uuid[]))[1 + n % cardinality(CAST(:places AS uuid[]))],
       gen_random_uuid(), gen_random_uuid(), 'public', 'none', 1, 'closed', 8, 1, '[]', '{}', 3,
       now() - interval '50 days', 'requester', now() - interval '60 days',
       now() - interval '50 days', 48, now() - interval '60 days', now() - interval '58 days',
       now() - interval '57 days'
FROM generate_series(1, :buried) AS n RETURNING 1
"""


async def test_a_queue_reads_little_however_much_is_done(desk: Desk, platform: Platform) -> None:
    """Also at the tenth time, when the server may have settled on one plan for all values.

    All of a grid, whatever its state, may be sorted while that is little; it is never more.
    """
    now, slug = clock.now(), desk.hood.slug
    grid, building = await bury(desk, platform)
    await live(desk, Random(1), 60, [desk.place, building], now)
    await analyse(platform)
    database = platform.database("requests")
    try:
        async with database.transaction(slug) as tx:
            for queue, area in product((None, *Queue), (None, grid)):
                wanted = store.Search(slug, None, queue=queue, grid=area)
                for _ in range(10):
                    before = await read(tx)
                    await store.search(tx, wanted, now=now)
                most = FEW if queue or not area else FEW + BURIED // GRIDS
                assert await read(tx) - before < most, (queue, area)
            for area in (None, grid):
                for _ in range(10):
                    before = await read(tx)
                    await store.count_queues(tx, slug, grid=area, now=now)
                assert await read(tx) - before < FEW, area
            values = {"community": slug, "now": now, "call_back_from": now - WEEK}
            plan = await explained(tx, searches._COUNT.text, values)
            before = await read(tx)
            await tx.execute(text("SELECT count(description) FROM service_request"))
            assert await read(tx) - before > BURIED
    finally:
        await database.close()
    assert "Seq Scan" not in plan, plan


async def bury(desk: Desk, platform: Platform) -> tuple[UUID, UUID]:
    """Close very many other requests in six grids; gives one grid and a building in it."""
    places = await platform.rows("requests", PLACES, slug=desk.hood.slug, grids=GRIDS)
    ids = [row.place_id for row in places]
    await platform.rows("requests", BURY, slug=desk.hood.slug, places=ids, buried=BURIED)
    return places[0]


async def analyse(platform: Platform) -> None:
    """Let the server know how many rows there are."""
    owner = create_async_engine(platform.databases.url("requests", owner=True))
    async with owner.begin() as connection:
        await connection.execute(text("ANALYZE service_request, known_place"))
    await owner.dispose()


async def read(tx: Transaction) -> int:
    """How many rows this transaction has read from tables."""
    return int((await tx.execute(READ)).scalar_one())


async def explained(tx: Transaction, sql: str, values: dict) -> str:
    return "\n".join((await tx.execute(text(f"EXPLAIN {sql}"), values)).scalars())
