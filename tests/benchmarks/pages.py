"""`make bench-pages`: how soon pages answer with 10 000 requests in the database."""

import argparse
import asyncio
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from deploy.demo.api import Api
from deploy.demo.community import COMMUNITY
from deploy.where import Whereabouts
from services.requests.store import catalogue, put_back
from shared import clock
from shared.database import Database
from tests.integration.requests.lives import Life
from tests.support.jinlin import up
from tests.support.story import Story

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "build" / "pages.json"

PAGES = {
    "desk, newest 50": ("staff", f"/in/{COMMUNITY}/desk"),
    "desk, 50 that are overdue": ("staff", f"/in/{COMMUNITY}/desk?queue=overdue"),
    "desk, found by words": ("staff", f"/in/{COMMUNITY}/desk?q=灯不亮"),
    "home of a resident": ("resident", f"/in/{COMMUNITY}/"),
}
GOAL_MILLISECONDS = 150
FIRST_ASKS = 20
BATCH = 500
DESCRIPTIONS = (
    *(
        "三楼楼道灯不亮，老人晚上看不清。",
        "楼下垃圾桶满了，没有人清运。",
        "水管漏水，楼下已经淋湿了。",
    ),
    *("想请人陪老人去医院看病。", "车棚里的充电桩坏了两天了。", "邻居半夜施工，孩子睡不好觉。"),
    *("电梯停在二楼，门关不上。", "请帮独居的王阿姨买米买油。", "路面塌了一块，骑车容易摔。"),
    *(
        "小区门口乱停车，消防通道堵住了。",
        "想学用手机挂号，哪里有人教？",
        "单元门锁坏了，谁都能进来。",
    ),
)
"""One in twelve is found by its words."""

INDEX_WORDS = text(
    """
    INSERT INTO search_word (community, word, request_id)
    SELECT community, word, id FROM service_request, unnest(bigrams(description)) AS word
    ON CONFLICT DO NOTHING
    """
)
FIELD = re.compile(r'name="(form_token|once)" value="([^"]+)"')


async def fill(
    database: Database, people: Sequence[UUID], places: Sequence[UUID], count: int
) -> None:
    """So many requests of these people, each at some point of its way, as their steps led there."""
    random, now = Random(1), clock.now()
    async with database.transaction(COMMUNITY) as tx:
        categories = await catalogue(tx, COMMUNITY)
    for start in range(0, count, BATCH):
        async with database.transaction(COMMUNITY) as tx:
            for number in range(start, min(start + BATCH, count)):
                category, place = random.choice(categories), random.choice(places)
                one = Life(random, category, place, 100_000 + number, now)
                asked_by = random.choice(people)
                request = replace(
                    one.request,
                    description=random.choice(DESCRIPTIONS),
                    requester_id=asked_by,
                    filed_by=asked_by,
                )
                await put_back(tx, request, one.steps)
    async with database.transaction(COMMUNITY) as tx:
        await tx.execute(INDEX_WORDS)


@asynccontextmanager
async def signed_in(origin: str, name: str, password: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser without pictures: somebody who has signed in by the form."""
    async with httpx.AsyncClient(
        base_url=origin, follow_redirects=True, headers={"accept": "text/html"}, timeout=30
    ) as client:
        form = dict(FIELD.findall((await client.get("/")).text))
        sent = form | {"login_name": name, "password": password}
        answer = await client.post("/sign-in", data=sent)
        answer.raise_for_status()
        yield client


async def measure(client: httpx.AsyncClient, path: str, asks: int) -> list[float]:
    """How many milliseconds each ask took, one after the other, the first ones left out."""
    took: list[float] = []
    for _ in range(FIRST_ASKS + asks):
        began = time.perf_counter()
        answer = await client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != HTTPStatus.OK or 'class="missing"' in answer.text:
            raise RuntimeError(f"{path} was answered with {answer.status_code}, or not whole")
    return took[FIRST_ASKS:]


async def run(count: int, asks: int) -> dict[str, dict[str, float]]:
    """p50 and p95 of every page."""
    found: dict[str, dict[str, float]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="jinlin-pages-") as folder,
        up(Path(folder) / "data", "--demo") as started,
    ):
        origin = await started.ready()
        names = {name: word for name, word in started.sign_ins.items() if name != "operator"}
        async with Api(origin) as api:
            story = await Story.of(api, names)
            people = await everything(story, "people")
            places = await everything(story, "places", kind="building")
        databases = Whereabouts.find(Path(folder) / "data").databases
        database = Database(databases.address("requests"), connections=1)
        await fill(database, people, places, count)
        await database.close()
        for title, (who, path) in PAGES.items():
            async with signed_in(origin, who, started.sign_ins[who]) as client:
                took = await measure(client, path, asks)
            cuts = statistics.quantiles(took, n=100)
            found[title] = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}
    return found


async def everything(story: Story, what: str, **query: Any) -> list[UUID]:
    """The ids of all that the directory has of it."""
    found = await story.staff.everything(f"/directory/{COMMUNITY}/{what}", **query)
    return [UUID(one["id"]) for one in found]


def main() -> int:
    """Measure, print, keep; 1 where the desk is slower than it may be."""
    parser = argparse.ArgumentParser(prog="make bench-pages", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="in the database")
    parser.add_argument("--asks", type=int, default=200, help="for each page")
    options = parser.parse_args()
    found = asyncio.run(run(options.requests, options.asks))
    table = Table("page", "p50 ms", "p95 ms", "p99 ms")
    for title, figures in found.items():
        table.add_row(title, *(f"{figure:.0f}" for figure in figures.values()))
    Console().print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    told = {"requests": options.requests, "asks": options.asks, "machine": platform.platform()}
    RESULTS.write_bytes(orjson.dumps(told | {"pages": found}, option=orjson.OPT_INDENT_2))
    desk = max(figures["p95"] for title, figures in found.items() if title.startswith("desk"))
    return int(desk > GOAL_MILLISECONDS)


if __name__ == "__main__":
    sys.exit(main())
