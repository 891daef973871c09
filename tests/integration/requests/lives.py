"""Random lives of requests, by the rules of the domain, put into the database as they end."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.requests import domain, store
from services.requests.domain import Category, ServiceRequest
from services.requests.store import Step
from shared import ids
from shared.events import Taker, TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted, Work
from shared.problems import Problem
from tests.support.desk import Desk

STAFF, HELPER = ids.new_id(), ids.new_id()
TAKER = Taker(kind="person", id=HELPER)
DAYS = (4, 45)
"""How long ago they began, at most."""
USUAL = ("register", "list", "claim", "start", "complete", "verify", "close", "rate")
KINDS = {
    "register": "registered", "list": "listed", "dispatch": "dispatched", "claim": "claimed",
    "start": "started", "complete": "completed", "verify": "verified", "close": "closed",
    "rate": "rated",
}  # fmt: skip
"""What the history calls a step."""
OTHERS = (
    *("reject", "dispatch", "decline", "rework", "complete", "reopen", "cancel", "settle"),
    "silence",
)


class Life:
    """One request and its history until `now`, stepping as `random` has it."""

    def __init__(
        self, random: Random, category: Category, place_id: UUID, number: int, now: datetime
    ) -> None:
        self.random = random
        self.until = now
        self.at = now - timedelta(minutes=random.randrange(random.choice(DAYS) * 24 * 60))
        self.task_version = 0
        requester = ids.new_id()
        first = int(ids.first_id_at(self.at)) | random.getrandbits(60)
        self.request, _ = domain.submit(
            category, request_id=UUID(int=first), number=f"JX-2026-{number:06d}",
            description="灯不亮", place_id=place_id, requester_id=requester, filed_by=requester,
            now=self.at,
        )  # fmt: skip
        self.steps: list[Step] = []
        self.note("submitted", self.request)
        pace_minutes = random.choice([30, 600, 3000])
        for _ in range(random.randrange(20)):
            self.at += timedelta(minutes=random.randrange(1, pace_minutes))
            if self.at >= now:
                break
            self.step(random.choice(OTHERS) if random.random() < 0.25 else self.usual())

    def usual(self) -> str:
        """What mostly comes next."""
        done = {one.kind for one in self.steps if one.cycle == self.request.cycle}
        offer = "dispatch" if self.request.visibility == "private" else "list"
        way = (offer if one == "list" else one for one in USUAL)
        return next((one for one in way if KINDS[one] not in done), "rate")

    def note(self, kind: str, request: ServiceRequest) -> None:
        self.request = request
        is_silent = kind == "closed" and request.closed_as == "timeout"
        by, via = (None, "timeout") if is_silent else (STAFF, None)
        here = {"version": request.version, "cycle": request.cycle}
        self.steps.append(Step(kind, by, self.at, via=via, **here))

    def step(self, name: str) -> None:
        """Do it if it may be done now."""
        one, now, owner = self.request, self.at, self.request.requester_id
        tasks = {"claim": TaskClaimed, "decline": TaskDeclined} | {
            "start": TaskStarted, "complete": TaskCompleted,
        }  # fmt: skip
        if name in tasks:
            self.task(tasks[name])
            return
        if name == "silence":
            self.wait_in_vain()
            return
        steps = {
            "register": ("registered", lambda: domain.register(one, now=now)),
            "reject": ("rejected", lambda: domain.reject(one, reason="不归我们", now=now)),
            "list": ("listed", lambda: domain.put_on_list(one, takers_wanted=None, now=now)),
            "dispatch": ("dispatched", lambda: domain.dispatch(one, taker=TAKER, now=now)),
            "verify": ("verified", lambda: domain.verify(one, by=STAFF, passed=True, now=now)),
            "rework": ("reworked", lambda: domain.verify(one, by=STAFF, passed=False, now=now)),
            "close": ("closed", lambda: domain.close(one, by=owner, is_staff=False, now=now)),
            "rate": ("rated", lambda: domain.rate(
                one, by=owner, stars=self.random.randint(1, 5), now=now)),
            "reopen": ("reopened", lambda: domain.reopen(one, by=owner, is_staff=False, now=now)),
            "cancel": ("cancelled", lambda: domain.cancel(one, by=STAFF, is_staff=True, now=now)),
        }  # fmt: skip
        with suppress(Problem):
            if name != "settle":
                kind, decide = steps[name]
                self.note(kind, decide()[0])
            elif one.version == 1:
                resolved, closed, _ = domain.settle_on_the_spot(
                    one, by=STAFF, service_minutes=5, now=now
                )
                self.note("resolved", resolved)
                self.note("closed", closed)

    def wait_in_vain(self) -> None:
        """Let the time pass after which what is resolved closes by itself."""
        closes_at = self.request.closes_at
        if closes_at is not None and closes_at < self.until:
            self.at = max(self.at, closes_at)
            self.note("closed", domain.close_by_silence(self.request, now=self.at)[0])

    def task(self, contract: Any) -> None:
        """A step of the request's task, if it has one."""
        self.task_version += 1
        stands = contract is not TaskDeclined
        work = (Work(taker=TAKER, person_id=HELPER, service_minutes=9),) if stands else ()
        told = contract.model_validate({
            "community": self.request.community, "occurred_at": self.at,
            "version": self.task_version, "task_id": ids.new_id(), "request_id": self.request.id,
            "cycle": self.request.cycle, "work": work, "taker": TAKER, "person_id": HELPER,
            "under_way": contract in {TaskStarted, TaskCompleted},
        })  # fmt: skip
        followed = domain.follow_task(self.request, told, now=self.at)
        if followed:
            self.note(contract.name.removeprefix("task_"), followed[0])

    # What happened, read from the history alone.

    def last(self, *kinds: str) -> datetime | None:
        return max((one.at for one in self.steps if one.kind in kinds), default=None)

    @property
    def due_at(self) -> datetime | None:
        begun = self.last("registered", "reopened")
        limit = self.request.limit_hours
        return begun + timedelta(hours=limit) if begun and limit else None

    @property
    def due_soon_at(self) -> datetime | None:
        return self.due_at and self.due_at - timedelta(hours=self.request.limit_hours) / 5

    @property
    def closed_at(self) -> datetime | None:
        return self.last("closed") if self.request.status == "closed" else None


async def live(
    desk: Desk, random: Random, count: int, places: Sequence[UUID], now: datetime
) -> list[Life]:
    """So many lives in the community of `desk`, at `places`, until `now`."""
    database = desk.platform.database("requests")
    try:
        async with database.transaction(desk.hood.slug) as tx:
            catalogue = await store.catalogue(tx, desk.hood.slug)
            lives = [
                Life(random, random.choice(catalogue), random.choice(places), number, now)
                for number in range(1, count + 1)
            ]
            for one in lives:
                await store.put_back(tx, one.request, one.steps)
    finally:
        await database.close()
    return lives
