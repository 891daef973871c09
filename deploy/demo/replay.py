"""The replay: from 150 needs to the points and the notices, each step by the right person."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final
from uuid import uuid4

from deploy.demo import wenhua
from deploy.demo.api import Api, Session
from deploy.demo.figures import Figures, Takers, waits

__all__ = ["Told", "replay"]

WAIT_SECONDS: Final = 120
LOOK_SECONDS: Final = 0.2

Told = Callable[[str, int, int], None]
"""Hears of progress: the step's name, how much is done, of how much."""


@dataclass
class Replay:
    """One run and what it has come to know."""

    api: Api
    told: Told
    community: str = field(default_factory=lambda: f"wenhua-{uuid4().hex[:8]}")
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    organisations: list[str] = field(default_factory=list[str])
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    askers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def staff(self) -> Session:
        """The community's staff."""
        return self.sessions["staff-1"]

    async def each[T](
        self, step: str, things: Iterable[T], do: Callable[[T], Awaitable[Any]]
    ) -> list[Any]:
        """Do something for each of `things`, several at once, telling how far it is."""
        waiting = list(things)
        done = 0
        self.told(step, 0, len(waiting))

        async def one(thing: T) -> Any:
            nonlocal done
            result = await do(thing)
            done += 1
            self.told(step, done, len(waiting))
            return result

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(thing)) for thing in waiting]
        return [task.result() for task in tasks]

    async def until[T](
        self, step: str, want: int, look: Callable[[], Awaitable[list[T]]]
    ) -> list[T]:
        """Look until `want` things are there. Raises TimeoutError after two minutes."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            there = await look()
            self.told(step, min(len(there), want), want)
            if len(there) >= want:
                return there
            if time.monotonic() > deadline:
                raise TimeoutError(f"{step}: {len(there)} of {want} after {WAIT_SECONDS} s")
            await asyncio.sleep(LOOK_SECONDS)


async def replay(api: Api, operator: Session, told: Told, *, seed: int = 20220331) -> Figures:
    """Play it in a community of its own and count what came of it."""
    began = time.monotonic()
    run = Replay(api, told)
    stage = wenhua.stage(Random(seed))  # noqa: S311 - names, not secrets
    await _set_the_stage(run, operator, stage)
    await _people_arrive(run, stage)
    await _ask(run, stage.cast)
    await _list(run, stage.cast)
    taken = await _claim_and_work(run, stage.cast)
    await _close(run, stage.cast, taken)
    return await _count(run, stage.cast, began)


async def _set_the_stage(run: Replay, operator: Session, stage: wenhua.Stage) -> None:
    """The operator makes the community and its first staff; staff import the rest."""
    where = f"/directory/{run.community}"
    await operator.post(
        "/directory/communities",
        {"slug": run.community, "title": "文化路社区", "prefix": "WH"},
    )
    for table, text in (("places", stage.places), ("people", "")):
        if text:
            await operator.post_csv(f"{where}/{table}/import", text, dry_run="true")
            run.told("places", 0, 1)
            await operator.post_csv(f"{where}/{table}/import", text)
            run.told("places", 1, 1)

    async def add(organisation: dict[str, str]) -> str:
        return (await operator.post(f"{where}/organisations", organisation))["id"]

    run.organisations = await run.each("organisations", stage.organisations, add)
    imported = await operator.post_csv(f"{where}/people/import", stage.people)
    run.told("people", imported["created"], imported["rows"])
    await _sign_in(run, stage, imported["invitations"])


async def _sign_in(run: Replay, stage: wenhua.Stage, invitations: Sequence[dict[str, Any]]) -> None:
    """Everybody who acts comes in with the code on their slip."""
    names = [line.split(",")[6] for line in stage.people.splitlines()[1:]]

    async def enter(invitation: dict[str, Any]) -> None:
        name = names[int(invitation["row"]) - 2]  # row 1 is the header
        run.sessions[name] = await run.api.accept_invitation(invitation["code"])

    await run.each("sign in", invitations, enter)


async def _people_arrive(run: Replay, stage: wenhua.Stage) -> None:
    """The services hear of the community; volunteers and teams are registered."""
    people = len(stage.people.splitlines()) - 1
    places = wenhua.GRIDS + sum(wenhua.COMPOUNDS.values()) + wenhua.BUILDINGS

    async def arrived() -> list[str]:
        names: list[str] = []
        for service in ("requests", "volunteers", "points", "notify"):
            known = await run.staff.get(f"/{service}/{run.community}/known")
            if (
                known["places"] >= places
                and known["memberships"] >= people
                and known["organisations"] >= wenhua.ORGANISATIONS
            ):
                names.append(service)
        if not await run.staff.get(f"/requests/{run.community}/catalogue"):
            return []
        return names

    await run.until("the services learn of it", 4, arrived)
    ids = {
        person["login_name"]: person["id"]
        async for person in run.staff.pages(f"/directory/{run.community}/people", role="volunteer")
    }
    volunteers = [ids[name] for name in stage.cast.volunteers]
    where = f"/volunteers/{run.community}"
    await run.staff.post(
        f"{where}/volunteers/bulk", {"person_ids": list(ids.values()), "skills": ["help"]}
    )
    size = len(volunteers) // len(wenhua.TEAMS)

    async def found(team: tuple[int, str]) -> None:
        number, title = team
        members = volunteers[number * size : (number + 1) * size]
        body = {"title": title, "kind": "service", "skills": ["help"]}
        await run.staff.post(
            f"{where}/teams", body | {"leader_id": members[0], "member_ids": members}
        )

    await run.each("teams", enumerate(wenhua.TEAMS), found)


async def _ask(run: Replay, cast: wenhua.Cast) -> None:
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


async def _list(run: Replay, cast: wenhua.Cast) -> None:
    """Grid workers take the needs in and publish them."""

    async def put_on_list(job: tuple[int, dict[str, Any]]) -> None:
        number, request = job
        worker = run.sessions[cast.grid_workers[number % len(cast.grid_workers)]]
        where = f"/requests/{run.community}/requests/{request['id']}"
        await worker.post(f"{where}/register")
        await worker.post(f"{where}/list", {})

    await run.each("listed", enumerate(run.requests), put_on_list)


async def _claim_and_work(run: Replay, cast: wenhua.Cast) -> list[str]:
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

    async def work(job: tuple[dict[str, Any], tuple[Session, str | None]]) -> str:
        task, (taker, organisation) = job
        path = f"{where}/{task['id']}"
        await taker.post(f"{path}/claim", {"organisation_id": organisation} if organisation else {})
        await taker.post(f"{path}/check-in")
        await taker.post(
            f"{path}/complete",
            {
                "service_minutes": 30 + task["takers_wanted"] * 15,
                "note": "已办好，并向居民当面说明",
                "evidence": [{"kind": "photo", "reference": "demo/after.jpg"}],
            },
        )
        return task["request_id"]

    return await run.each("claimed and done", zip(tasks, takers, strict=False), work)


async def _close(run: Replay, cast: wenhua.Cast, taken: Sequence[str]) -> None:
    """A grid worker verifies, the resident who asked confirms."""
    where = f"/requests/{run.community}/requests"
    await run.until("resolved", len(taken), lambda: run.staff.everything(where, status="resolved"))

    async def close(job: tuple[int, str]) -> None:
        number, request_id = job
        worker = run.sessions[cast.grid_workers[number % len(cast.grid_workers)]]
        await worker.post(f"{where}/{request_id}/verify", {"passed": True})
        await run.sessions[run.askers[request_id]].post(f"{where}/{request_id}/close")

    await run.each("verified and closed", enumerate(taken), close)


async def _count(run: Replay, cast: wenhua.Cast, began: float) -> Figures:
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


async def _awards(run: Replay, cast: wenhua.Cast) -> list[dict[str, Any]]:
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


async def _notices(run: Replay, cast: wenhua.Cast) -> list[dict[str, Any]]:
    """The notices of closing in every resident's inbox."""
    found = await asyncio.gather(
        *(run.sessions[name].everything("/notify/inbox") for name in cast.residents)
    )
    return [notice for notices in found for notice in notices if notice["kind"] == "request_closed"]


def _since(request: dict[str, Any], then: str) -> float:
    """Milliseconds from a request's close to `then`."""
    closed_at = datetime.fromisoformat(request["closed_at"])
    return (datetime.fromisoformat(then) - closed_at).total_seconds() * 1000
