"""The directory under load: connections are few, and none waits for something slow."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.directory import actions
from services.directory.domain import csv_lines
from shared import ids
from shared.database import ALL_COMMUNITIES, Database
from tests.support.platform import eventually

PLACES = "code,parent_code,kind,title,compound_type\n"
PEOPLE = "name,phone,roles,place_code,organisation_codes,language,login_name,invite\n"


async def test_many_sign_ins_at_once_leave_the_directory_to_others(directory, platform) -> None:
    app = await platform.app("directory")
    transport = httpx.ASGITransport(app, client=("192.0.2.45", 1))  # failures of its own

    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

        async def attempt(number: int) -> int:
            wrong = {"login_name": f"ghost{number}{ids.new_id().hex[-8:]}", "password": "no"}
            answer = await client.post("/api/directory/sign-in", json=wrong)
            return answer.status_code

        async def look() -> int:
            return (await directory.ask("GET", "/communities", directory.operator)).status_code

        answers = await asyncio.gather(
            *(attempt(one) for one in range(45)), *(look() for _ in range(5))
        )
    assert answers == [401] * 45 + [200] * 5


@pytest.mark.parametrize("what", ["places", "people"])
async def test_a_slow_file_holds_no_connection(town, platform, what: str) -> None:
    database: Database = (await platform.app("directory")).state.service.database
    held: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for chunk in (PLACES if what == "places" else PEOPLE).encode().splitlines(keepends=True):
            held.append(database.in_use)
            yield chunk
        held.append(database.in_use)

    answer = await town.ask("POST", f"/{what}/import", content=body())
    assert answer.status_code == 200, answer.text
    assert held == [0, 0]


async def test_no_place_is_removed_under_an_import(town, directory, platform) -> None:
    me = (await directory.ask("GET", "/me", town.staff)).json()["id"]
    deciding = actions.Deciding(town.slug, me, may_grant=True)
    database = platform.database("directory")

    async def is_waiting() -> Any:
        return await platform.rows("directory", "SELECT 1 FROM pg_locks WHERE NOT granted")

    for what in ("places", "people"):
        place = await town.place(code=what)
        async with database.transaction(ALL_COMMUNITIES) as tx:
            if what == "places":
                lines = csv_lines(f"{PLACES}child,{what},building,一栋,\n".encode())
                await actions.import_places(tx, town.slug, lines, dry_run=False)
            else:
                lines = csv_lines(f"{PEOPLE}张三,13800000001,resident,{what},,,,\n".encode())
                await actions.import_people(tx, deciding, lines, dry_run=False)
            removal = asyncio.create_task(town.ask("DELETE", f"/places/{place['id']}"))
            await eventually(is_waiting)
        answer = await removal
        assert (answer.status_code, answer.json()["type"]) == (
            409,
            "urn:jinlin:problem:has-children",
        )
    await database.close()
