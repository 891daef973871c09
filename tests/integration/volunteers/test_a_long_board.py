"""What a community has long finished costs nobody who looks for a task."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.volunteers import store
from services.volunteers.domain import Board as Chance
from services.volunteers.domain import State
from shared import ids
from shared.database import Transaction
from tests.support.board import Board
from tests.support.platform import Platform

CLOSED = 20_000
FEW = 300
"""Far more rows than a page needs, far fewer than there are."""
OPENED = "SELECT set_config('app.communities', '*', true)"
TASKS = """
INSERT INTO task (community, id, request_id, cycle, number, category, place_id, requester_id,
                  filed_by, takers_wanted, places_free, evidence_needed, state, listed,
                  request_version, version, created_at, updated_at)
SELECT :slug, uuidv7(), gen_random_uuid(), 1, 'WH-' || n, 'repair', :place, gen_random_uuid(),
       gen_random_uuid(), 1, n % 2, 'none', 'closed', true, 3, 3, now(), now()
FROM generate_series(1, :closed) AS n RETURNING 1
"""
ASSIGNMENTS = """
INSERT INTO assignment (community, task_id, taker_kind, taker_id, person_id, acted, state, version,
                        service_minutes, note, evidence, reason, claimed_at, completed_at)
SELECT community, id, 'person', request_id, request_id, ARRAY[request_id], 'completed', 3, 30, '',
       '[]', '', now(), now()
FROM task WHERE community = :slug AND state = 'closed' RETURNING 1
"""
HELPER = {"may_take": True, "sees_all": False}
STAFF = {"may_take": True, "sees_all": True}
READ = text("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables")


async def test_a_search_reads_little_however_much_is_closed(
    board: Board, platform: Platform
) -> None:
    """Also at the tenth time, when the server may have settled on one plan for all values."""
    await board.done(board.helper, await board.listed(), "claim")
    opened = await board.listed()
    await bury(board, platform)
    searches = [
        (HELPER, {}, 2),
        (HELPER, {"mine": True}, 1),
        (HELPER, {"states": [State.OPEN]}, 1),
        (HELPER, {"mine": True, "states": [State.CLAIMED]}, 1),
        (HELPER, {"board": Chance.FREE}, 1),
        (HELPER, {"board": Chance.FREE, "near": board.place}, 1),
        (HELPER, {"board": Chance.HELD}, 1),
        (HELPER, {"board": Chance.OFFERED}, 0),
        (HELPER, {"request_ids": [opened["request_id"]]}, 1),
        (STAFF, {}, 51),
        (STAFF, {"mine": True}, 1),
        (STAFF, {"states": [State.OPEN]}, 1),
        (STAFF, {"request_id": opened["request_id"]}, 1),
        (STAFF, {"place_id": board.place}, 2),
    ]
    database = platform.database("volunteers")
    try:
        async with database.transaction(board.hood.slug) as tx:
            for sight, wanted, found in searches:
                eyes = store.Eyes([board.helper.id], board.helper.id, **sight)
                search = store.Search(board.hood.slug, eyes, **wanted)
                for _ in range(10):
                    before = await read(tx)
                    assert len(await store.search(tx, search)) == found
                assert await read(tx) - before < FEW, (sight, wanted)
            before = await read(tx)
            await tx.execute(text("SELECT count(note) FROM assignment"))
            assert await read(tx) - before > CLOSED
    finally:
        await database.close()


async def bury(board: Board, platform: Platform) -> None:
    """Close very many other tasks, and let the server know how many they are."""
    values = {"slug": board.hood.slug, "place": ids.new_id(), "closed": CLOSED}
    owner = create_async_engine(platform.databases.url("volunteers", owner=True))
    async with owner.begin() as connection:  # as long as it takes: a service is cut off
        for sql in (OPENED, TASKS, ASSIGNMENTS, "ANALYZE task, assignment"):
            await connection.execute(text(sql), values)
    await owner.dispose()


async def read(tx: Transaction) -> int:
    """How many rows this transaction has read from tables."""
    return int((await tx.execute(READ)).scalar_one())
