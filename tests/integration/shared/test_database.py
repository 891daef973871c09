"""A transaction on a real connection: whole or not at all, however it ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import make_url, text

from shared import ids
from shared.database import Database, RolledBack, Transaction, Unreachable, is_unreachable
from tests.chaos.proxy import Proxy
from tests.support.platform import Neighbourhood, Platform, eventually
from tests.support.toy.running import Toy

WRITE = text("INSERT INTO note VALUES (:community, :id, 1, :words)")
WORDS = text("SELECT words FROM note WHERE community = :community ORDER BY words")
PLACE = text("UPDATE note SET place = 'board'")
BACKEND = text("SELECT pg_backend_pid()")
SLEEP = text("SELECT pg_sleep(30)")


@pytest_asyncio.fixture
async def database(toy: Toy, platform: Platform) -> AsyncIterator[Database]:
    """One connection, so that each transaction shows what the one before it left."""
    opened = Database(platform.databases.address(toy.name), connections=1)
    yield opened
    assert opened.in_use == 0
    await opened.close()


async def write(tx: Transaction, community: str, words: str) -> None:
    await tx.execute(WRITE, {"community": community, "id": ids.new_id(), "words": words})


async def words(database: Database, community: str) -> list[str]:
    async with database.transaction(community) as tx:
        return (await tx.execute(WORDS, {"community": community})).scalars()


async def attempt(
    database: Database, community: str, then: Callable[[Transaction], Awaitable[object]]
) -> None:
    """Write, then do something else, in one transaction."""
    async with database.transaction(community) as tx:
        await write(tx, community, "灯")
        await then(tx)


async def backend(database: Database) -> int:
    async with database.transaction() as tx:
        return (await tx.execute(BACKEND)).scalar_one()


async def test_what_it_writes_is_there_after_it_and_on_the_same_connection(
    database: Database, hood: Neighbourhood
) -> None:
    first = await backend(database)
    async with database.transaction(hood.slug) as tx:
        await write(tx, hood.slug, "灯")
    assert await words(database, hood.slug) == ["灯"]
    assert await backend(database) == first


async def test_an_error_takes_everything_back(database: Database, hood: Neighbourhood) -> None:
    first = await backend(database)

    async def fail(_tx: Transaction) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await attempt(database, hood.slug, fail)
    assert await words(database, hood.slug) == []
    assert await backend(database) == first


async def test_a_failed_statement_that_is_passed_over_fails_the_transaction(
    database: Database, hood: Neighbourhood
) -> None:
    """PostgreSQL would answer COMMIT with a rollback, and nobody would know."""

    async def pass_over(tx: Transaction) -> None:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await tx.execute(text("SELECT 1 / 0"))

    with pytest.raises(RolledBack):
        await attempt(database, hood.slug, pass_over)
    assert await words(database, hood.slug) == []


async def test_a_commit_that_fails_leaves_the_connection_good(
    database: Database, hood: Neighbourhood
) -> None:
    """The places of the toy's notes are compared when the transaction ends."""

    async def pin_up_two(tx: Transaction) -> None:
        for words in ("灯", "门"):
            await write(tx, hood.slug, words)
        await tx.execute(PLACE)

    first = await backend(database)
    with pytest.raises(asyncpg.UniqueViolationError):
        await attempt(database, hood.slug, pin_up_two)
    assert await words(database, hood.slug) == []
    assert await backend(database) == first


async def test_who_is_cancelled_keeps_nothing_and_nobody_waiting(
    database: Database, hood: Neighbourhood
) -> None:
    sleeping = asyncio.Event()

    async def sleep(tx: Transaction) -> None:
        sleeping.set()
        await tx.execute(SLEEP)

    working = asyncio.create_task(attempt(database, hood.slug, sleep))
    await sleeping.wait()
    working.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await words(database, hood.slug) == []
    assert time.monotonic() - began < 5  # not the 30 s that the statement sleeps


async def test_a_connection_that_the_server_ends_is_replaced(
    database: Database, hood: Neighbourhood, toy: Toy, platform: Platform
) -> None:
    server = await asyncpg.connect(platform.databases.server, database=toy.name)
    process = await backend(database)

    async def be_ended(tx: Transaction) -> None:
        assert await server.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
        await tx.execute(BACKEND)

    with pytest.raises(Exception) as lost:  # noqa: PT011 - which one, depends on the moment
        await attempt(database, hood.slug, be_ended)
    await server.close()
    assert is_unreachable(lost.value)
    assert await words(database, hood.slug) == []
    assert await backend(database) != process


async def test_a_pool_in_use_refuses_the_next_one_in_time(
    database: Database, hood: Neighbourhood
) -> None:
    async with database.transaction(hood.slug):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            await words(database, hood.slug)
        assert time.monotonic() - began < 2
    assert await words(database, hood.slug) == []


async def test_a_connection_that_takes_long_is_there_for_the_next_one(
    toy: Toy, platform: Platform
) -> None:
    """Broken off with each who loses patience, it would never be made."""
    address = make_url(platform.databases.address(toy.name))
    async with Proxy(lambda: address.port or 0) as proxy:
        near = address.set(host="127.0.0.1", port=proxy.port)
        database = Database(near.render_as_string(hide_password=False), connections=1)
        proxy.slow(0.15)
        began = time.monotonic()
        with pytest.raises(Unreachable):
            await backend(database)
        assert time.monotonic() - began < 2
        made = await eventually(lambda: answered(database), seconds=10)
        proxy.heal()
        assert await backend(database) == made
        await database.close()


async def answered(database: Database) -> int | None:
    with suppress(Unreachable):
        return await backend(database)
    return None


async def test_a_name_with_a_quote_opens_nothing_else(
    database: Database, hood: Neighbourhood
) -> None:
    async with database.transaction(hood.slug) as tx:
        await write(tx, hood.slug, "灯")
    for name in (f"x'||'{hood.slug}", f"x', true), set_config('app.communities', '{hood.slug}"):
        async with database.transaction(name) as tx:
            assert await tx.execute(WORDS, {"community": hood.slug}) == []


async def test_rows_are_read_by_name_by_place_and_unpacked(database: Database) -> None:
    query = text("SELECT 1 AS one, CAST(:json AS jsonb) AS more UNION ALL SELECT 2, NULL")
    async with database.transaction() as tx:
        rows = await tx.execute(query, {"json": '{"深": [1]}'})
        (number, more), last = rows
        assert (number, more, rows[0].more, rows[0]["one"]) == (1, {"深": [1]}, {"深": [1]}, 1)
        assert dict(last) == {"one": 2, "more": None}
        with pytest.raises(AttributeError):
            _ = last.three
        for wrong in (rows.one, rows.one_or_none, rows.scalar_one, rows.scalar_one_or_none):
            with pytest.raises(LookupError):
                wrong()
        assert rows.scalars() == [1, 2]
        none = await tx.execute(text("SELECT 1 WHERE false"))
        assert none.one_or_none() is none.scalar_one_or_none() is None
        with pytest.raises(LookupError):
            none.one()


async def test_changes_are_counted(database: Database, hood: Neighbourhood) -> None:
    slug = hood.slug
    async with database.transaction(slug) as tx:
        many = [{"community": slug, "id": ids.new_id(), "words": f"灯{n}"} for n in range(3)]
        await tx.change_each(WRITE, many)
        again = text("UPDATE note SET version = 2 WHERE community = :community AND words <> :words")
        assert await tx.change(again, {"community": slug, "words": "灯1"}) == 2
        assert await tx.change(again, {"community": "elsewhere", "words": ""}) == 0
    assert await words(database, slug) == ["灯0", "灯1", "灯2"]
