"""What the database promises of notices, and who may look at what was made."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.notify import domain, store
from services.notify.store.tables import metadata
from shared import clock, ids
from shared.database import Database
from shared.events import (
    RequestClosed,
    RequestRegistered,
)
from tests.integration.notify.story import Story
from tests.support.platform import Person, Platform, eventually


async def test_staff_see_which_notices_were_made(story: Story, platform: Platform) -> None:
    event = story.closed(filed_by=story.filer.id)
    await story.tell(event, story.step(RequestRegistered, request_id=ids.new_id()))
    await story.kinds(story.requester, "request_closed", "request_registered")
    path = f"/{story.hood.slug}/notices"
    answer = await story.call(story.filer, "GET", f"{path}?request_id={story.request_id}")
    made = [one for one in answer.json()["items"] if one["event_id"] == str(event.event_id)]
    assert {one["recipient_id"] for one in made} == {str(story.requester.id), str(story.filer.id)}
    assert {(one["event_id"], one["kind"], one["channel"]) for one in made} == {
        (str(event.event_id), "request_closed", "inbox")
    }
    everything = (await story.call(story.filer, "GET", path)).json()["items"]
    assert len([one for one in everything if UUID(one["event_id"]) in story.told]) == 3
    by_event = await story.call(story.filer, "GET", f"{path}?event_id={event.event_id}")
    assert by_event.json()["items"] == made
    assert (await story.call(story.requester, "GET", path)).status_code == 403
    auditor = Person(ids.new_id(), platform.token(ids.new_id(), platform_roles=["auditor"]))
    assert (await story.call(auditor, "GET", path)).status_code == 200
    elsewhere = await platform.community()
    answer = await story.call(story.filer, "GET", f"/{elsewhere.slug}/notices")
    assert answer.status_code == 404


async def test_a_poison_message_holds_nobody(story: Story, platform: Platform) -> None:
    subject = f"evt.{story.hood.slug}.requests.closed.v1"
    poison = str(ids.new_id())
    headers = {"ce-type": RequestClosed.type(), "ce-id": poison}
    await platform.publish(subject, b'{"number": 1}', headers)
    await story.tell(story.step(RequestRegistered))
    await story.kinds(story.requester, "request_registered")

    async def buried() -> bool:
        letters = await platform.dead_letters("notify-requests")
        return any(one["headers"].get("ce-id") == poison for one in letters)

    await eventually(buried)


async def test_notices_become_visible_in_the_order_of_their_ids(
    story: Story, platform: Platform
) -> None:
    """A reader who stands at an id has missed nothing before it: makers take turns."""
    slug = story.hood.slug
    steps = [story.step(RequestRegistered, request_id=ids.new_id()) for _ in range(2)]
    story.told = [one.event_id for one in steps]
    calls = [domain.calls_of(one, now=clock.now()) for one in steps]
    first, second = (domain.address(one, {}) for one in calls)
    database = Database(platform.databases.address("notify"), connections=3)

    async def make_second() -> None:
        async with database.transaction(slug) as tx:
            await store.add(tx, second)

    async def is_waiting() -> bool:
        sql = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(await platform.rows("notify", sql))

    try:
        async with database.transaction(slug) as tx:
            await store.add(tx, first)
            making = asyncio.create_task(make_second())
            await eventually(is_waiting)
        await making
    finally:
        await database.close()
    found = await story.inbox(story.requester)
    requests = [str(one.call.request_id) for one in (*second, *first)]
    assert [one["request_id"] for one in found] == requests


MANY = """
INSERT INTO notice (community, event_id, recipient_id, channel, kind, request_id, details,
                    occurred_at, read_at)
SELECT :slug, gen_random_uuid(), CASE WHEN n % 200 = 0 THEN :me ELSE gen_random_uuid() END,
       'inbox', 'request_closed', gen_random_uuid(), '{}', now(), now()
FROM generate_series(1, 20000) AS n RETURNING 1
"""


@pytest.mark.parametrize(
    ("index", "condition"),
    [("notice_inbox", "ORDER BY id DESC LIMIT 50"), ("notice_unread", "AND read_at IS NULL")],
)
async def test_an_index_serves_the_inbox_below_the_wall(
    story: Story, platform: Platform, index: str, condition: str
) -> None:
    await platform.rows("notify", MANY, slug=story.hood.slug, me=story.requester.id)
    owner = create_async_engine(platform.databases.url("notify", owner=True))
    async with owner.begin() as connection:
        await connection.execute(text("ANALYZE notice"))
    await owner.dispose()
    database = platform.database("notify")
    columns = "id" if "LIMIT" in condition else "count(*)"
    try:
        async with database.transaction(story.hood.slug) as tx:
            # So few notices may as well be sorted; a page of many must not be.
            await tx.execute(text("SET LOCAL enable_bitmapscan = off"))
            query = (
                f"EXPLAIN SELECT {columns} FROM notice WHERE recipient_id = :me "
                f"AND community = ANY(:communities) {condition}"
            )
            values = {"me": story.requester.id, "communities": [story.hood.slug, "other"]}
            plan = "\n".join((await tx.execute(text(query), values)).scalars())
    finally:
        await database.close()
    assert index in plan, plan
    assert "Index Cond: (recipient_id" in plan, plan
    assert "Sort" not in plan, plan


async def test_a_notice_never_changes_but_in_being_read(story: Story, platform: Platform) -> None:
    await story.tell(story.step(RequestRegistered))
    await story.kinds(story.requester, "request_registered")
    for forbidden in ("UPDATE notice SET kind = 'x'", "DELETE FROM notice"):
        with pytest.raises(asyncpg.PostgresError, match="permission denied"):
            await platform.rows("notify", f"{forbidden} RETURNING 1")


async def test_code_and_migrations_make_the_same_tables(story: Story, platform: Platform) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import Connection

    def differences(connection: Connection) -> list[Any]:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
        return [one for one in found if "box_" not in str(one) and "alembic" not in str(one)]

    engine = create_async_engine(platform.databases.url("notify", owner=True))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()
