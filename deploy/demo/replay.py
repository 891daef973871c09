"""The replay: from 150 needs to the points and the notices, each step by the right person."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

from deploy.demo import wenhua
from deploy.demo.api import Api, Session
from deploy.demo.arrival import people_arrive, set_the_stage
from deploy.demo.figures import Figures, Takers, waits
from deploy.demo.picture import clean_yard
from deploy.demo.run import Run, Told

__all__ = ["replay"]


async def replay(api: Api, operator: Session, told: Told, *, seed: int = 20220331) -> Figures:
    """Play it in a community of its own and count what came of it."""
    began = time.monotonic()
    run = Run(api, told)
    stage = wenhua.stage(Random(seed), run.community)  # noqa: S311 - names, not secrets
    await set_the_stage(run, operator, stage)
    await people_arrive(run, stage)
    await _ask(run, stage.cast)
    await _list(run, stage.cast)
    taken = await _claim_and_work(run, stage.cast)
    await _close(run, stage.cast, taken)
    return await _count(run, stage.cast, began)


async def _ask(run: Run, cast: wenhua.Cast) -> None:
    """150 needs by 50 residents."""
    buildings = [
        place["id"]
        async for place in run.staff.pages(f"/directory/{run.community}/places", kind="building")
    ]

    async def submit(number: int) -> dict[str, Any]:
        name = cast.residents[number % len(cast.residents)]
        category, description = wenhua.ASKED[number % len(wenhua.ASKED)]
        asking = {
            "category": category,
            "description": f"{description}（{number + 1}）",
            "place_id": buildings[number % len(buildings)],
        }
        request = await run.sessions[name].post(f"/requests/{run.community}/requests", asking)
        run.askers[request["id"]] = name
        return request

    run.requests = await run.each("submitted", range(wenhua.ASKING), submit)


async def _list(run: Run, cast: wenhua.Cast) -> None:
    """Grid workers take the needs in and publish them."""

    async def put_on_list(job: tuple[int, dict[str, Any]]) -> None:
        number, request = job
        worker = run.sessions[cast.grid_workers[number % len(cast.grid_workers)]]
        where = f"/requests/{run.community}/requests/{request['id']}"
        await worker.post(f"{where}/register")
        await worker.post(f"{where}/list", {})

    await run.each("listed", enumerate(run.requests), put_on_list)


async def _claim_and_work(run: Run, cast: wenhua.Cast) -> list[str]:
    """Organisations claim three each, members one; they check in and complete."""
    where = f"/volunteers/{run.community}/tasks"
    tasks = await run.until(
        "tasks", wenhua.ASKING, lambda: run.staff.everything(where, state="open")
    )
    takers: list[tuple[Session, str | None]] = [
        (run.sessions[name], organisation)
        for name, organisation in zip(cast.representatives, run.organisations, strict=True)
        for _ in range((wenhua.CLAIMS - len(cast.members)) // len(cast.representatives))
    ]
    takers += [(run.sessions[name], None) for name in cast.members]
    photo = clean_yard()

    async def work(job: tuple[dict[str, Any], tuple[Session, str | None]]) -> str:
        task, (taker, organisation) = job
        path = f"{where}/{task['id']}"
        await taker.post(f"{path}/claim", {"organisation_id": organisation} if organisation else {})
        await taker.post(f"{path}/check-in")
        if task["evidence_needed"] == "photo":
            await taker.post_photo(f"{path}/photos", photo)
        minutes = 30 + task["takers_wanted"] * 15
        done = {"service_minutes": minutes, "note": "已办好，并向居民当面说明"}
        await taker.post(f"{path}/complete", done)
        return task["request_id"]

    return await run.each("claimed and done", zip(tasks, takers, strict=False), work)


async def _close(run: Run, cast: wenhua.Cast, taken: Sequence[str]) -> None:
    """A grid worker verifies, the resident who asked confirms."""
    where = f"/requests/{run.community}/requests"
    await run.until("resolved", len(taken), lambda: run.staff.everything(where, status="resolved"))

    async def close(job: tuple[int, str]) -> None:
        number, request_id = job
        worker = run.sessions[cast.grid_workers[number % len(cast.grid_workers)]]
        await worker.post(f"{where}/{request_id}/verify", {"passed": True})
        await run.sessions[run.askers[request_id]].post(f"{where}/{request_id}/close")

    await run.each("verified and closed", enumerate(taken), close)


async def _count(run: Run, cast: wenhua.Cast, began: float) -> Figures:
    """What everybody sees now, once the awards and notices of this run have arrived."""
    where = f"/requests/{run.community}/requests"
    requests = await run.staff.everything(where)
    closed = {one["id"]: one for one in requests if one["status"] == "closed"}
    expected = sum(len(one["work"]) for one in closed.values())
    awards = await run.until("awards", expected, lambda: _awards(run, cast))
    notices = await run.until("notices", len(closed), lambda: _notices(run, cast))
    totals = await run.staff.get(f"/points/{run.community}/totals")
    takers = [work["taker"] for one in requests for work in one["work"]]
    return Figures(
        community=run.community,
        submitted=len(requests),
        listed=sum(one["status"] in {"listed", "closed"} for one in requests),
        accepted=sum(bool(one["work"]) for one in requests),
        still_listed=sum(one["status"] == "listed" for one in requests),
        takers=Takers(
            len({one["id"] for one in takers if one["kind"] == "organisation"}),
            len({one["id"] for one in takers if one["kind"] == "person"}),
        ),
        closed=len(closed),
        awards=len(awards),
        points_issued=totals["issued"],
        notices=len(notices),
        close_to_award_ms=waits([_since(closed[one["request_id"]], one["at"]) for one in awards]),
        close_to_notice_ms=waits(
            [_since(closed[one["request_id"]], one["created_at"]) for one in notices]
        ),
        seconds=round(time.monotonic() - began, 1),
    )


async def _awards(run: Run, cast: wenhua.Cast) -> list[dict[str, Any]]:
    """The awards on every taker's statement."""
    where = f"/points/{run.community}/accounts"

    async def of_member(name: str) -> list[dict[str, Any]]:
        return await run.sessions[name].everything(f"{where}/me/statement")

    async def of_organisation(pair: tuple[str, str]) -> list[dict[str, Any]]:
        name, organisation = pair
        return await run.sessions[name].everything(
            f"{where}/organisations/{organisation}/statement"
        )

    pairs = zip(cast.representatives, run.organisations, strict=True)
    found = await asyncio.gather(
        *(of_member(name) for name in cast.members), *(of_organisation(pair) for pair in pairs)
    )
    return [entry for entries in found for entry in entries if entry["kind"] == "award"]


async def _notices(run: Run, cast: wenhua.Cast) -> list[dict[str, Any]]:
    """The notices of closing in every resident's inbox."""
    found = await asyncio.gather(
        *(run.sessions[name].everything("/notify/inbox") for name in cast.residents)
    )
    return [notice for notices in found for notice in notices if notice["kind"] == "request_closed"]


def _since(request: dict[str, Any], then: str) -> float:
    """Milliseconds from a request's close to `then`."""
    closed_at = datetime.fromisoformat(request["closed_at"])
    return (datetime.fromisoformat(then) - closed_at).total_seconds() * 1000
