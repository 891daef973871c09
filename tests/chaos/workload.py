"""What people do while things go wrong: they close requests, and one in fifty goes the whole way.

Each write has one Idempotency-Key and is repeated until it is answered. Every step is one that the
rules allow, so that any refusal is a broken promise: a lost answer, a lost fact, a second effect.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx

from tests.chaos.oracle import MARK, Entry, Journal
from tests.chaos.people import PATIENCE_SECONDS, Community, NotAnswered, Who
from tests.chaos.proxy import Proxy
from tests.chaos.supply import Supply
from tests.support.platform import eventually

__all__ = ["Workload"]

CLOSES_PER_SECOND: Final = 20
TOGETHER: Final = 12
JOURNEY_EVERY: Final = 50
FIRST_JOURNEY: Final = 10
"""Early: some faults wait for what only journeys tell."""

REPEAT_EVERY: Final = 20
CALLS: Final = 4
READ_BACK: Final = 25
REFUSAL_SECONDS: Final = 4
"""2 s is promised; the rest is for a machine with two busy cores."""


class Refused(AssertionError):  # noqa: N818 - a sentence of the report
    """The platform refused what the rules allow, or took what they forbid."""


class Workload:
    """The clients of a run; what they found broken is in `violations`."""

    def __init__(self, community: Community, journal: Journal) -> None:
        """Act in `community`, and note everything acknowledged in `journal`."""
        self.community = community
        self.journal = journal
        self.violations: list[str] = []
        self.journeys = 0
        self._supply = Supply(community)
        self._tasks: set[asyncio.Task[None]] = set()
        self._going = asyncio.Event()
        self._begun = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        """People act for as long as this is entered."""
        await self._supply.refill()
        self._going.set()
        working = asyncio.create_task(self._work())
        try:
            yield
        finally:
            working.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(working, *self._tasks, return_exceptions=True)

    @asynccontextmanager
    async def at_rest(self) -> AsyncGenerator[None]:
        """What was begun is finished, and nothing new is begun, while this is entered."""
        self._going.clear()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=PATIENCE_SECONDS)
            if late:
                self.violations.append(f"{len(late)} people are still waiting")
        yield
        self._going.set()

    async def closes(self, count: int) -> None:
        """Return when `count` more closes have been acknowledged. Raises AssertionError."""
        wanted = self.journal.closed + count

        async def enough() -> bool:
            return self.journal.closed >= wanted

        await eventually(enough, seconds=PATIENCE_SECONDS)

    async def met(self, proxy: Proxy) -> None:
        """Return when the fault in force on a proxy has met something. Raises AssertionError."""

        async def touched() -> bool:
            return proxy.touched > 0

        await eventually(touched, seconds=30)

    async def refusals(self) -> int:
        """How many of some calls get a 503; each answers within seconds, whatever it is."""
        staff, refused = self.community.staff, 0
        for _ in range(CALLS):
            began = time.monotonic()
            status = await self.community.knock(staff, "requests", "/requests")
            if time.monotonic() - began > REFUSAL_SECONDS:
                self.violations.append(
                    f"a call without connections took {time.monotonic() - began}"
                )
            refused += status == httpx.codes.SERVICE_UNAVAILABLE
        return refused

    async def unread(self) -> list[str]:
        """Of the last acknowledged writes, those that the API does not show as they were made."""
        lost: list[str] = []
        for one in self.journal.entries[-READ_BACK:]:
            what = {"requests": "requests", "volunteers": "tasks"}[one.service]
            shown = await self.community.get(self.community.staff, one.service, f"/{what}/{one.id}")
            if shown.get("version", 0) < one.version:
                lost.append(f"{one} is shown as {shown}")
        return lost

    async def _work(self) -> None:
        """Begin one thing after the other, at a steady pace."""
        while True:
            await asyncio.sleep(1 / CLOSES_PER_SECOND)  # people, not a flood
            await self._going.wait()
            if len(self._tasks) >= TOGETHER:
                continue
            taken = self._supply.take()
            if taken is None:
                await self._refill()
                continue
            self._begun += 1
            self._begin(self._close(*taken, repeat=self._begun % REPEAT_EVERY == 0))
            if self._begun % JOURNEY_EVERY == FIRST_JOURNEY:
                self.journeys += 1
                self._begin(self._journey(self.journeys))

    async def _refill(self) -> None:
        try:
            await self._supply.refill()
        except (asyncpg.PostgresError, OSError):  # PostgreSQL is down just now
            await asyncio.sleep(0.2)  # and the next round tries again

    def _begin(self, deed: Coroutine[Any, Any, None]) -> None:
        async def done() -> None:
            try:
                await deed
            except (AssertionError, httpx.HTTPError) as broken:
                self.violations.append(f"{type(broken).__name__}: {broken}")

        task = asyncio.create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self, request_id: UUID, owner: Who, *, repeat: bool) -> None:
        path, key = f"/requests/{request_id}/close", str(uuid4())
        first = await self._write(owner, "requests", path, "closed", key=key)
        if repeat:
            headers = {"idempotency-key": key}
            again = await self.community.post(owner, "requests", path, **headers)
            if again.content != first.content:
                raise Refused(f"{key}: another answer to the same key: {again.text}")

    async def _journey(self, number: int) -> None:
        """A request from the asking to the close, each by the right person."""
        people = self.community
        owner = people.residents[number % len(people.residents)]
        helper = people.volunteers[number % len(people.volunteers)]
        request_id = await self._submit(owner)
        if number % 4 == 1:
            await self._step(people.staff, request_id, "register", "registered")
            await self._step(owner, request_id, "cancel", "cancelled", {"reason": "不用了"})
            return
        await self._step(people.staff, request_id, "register", "registered")
        await self._step(people.staff, request_id, "notes", "noted", {"words": "请先打电话"})
        await self._step(people.staff, request_id, "list", "listed", {})
        await self._help(helper, request_id, cycle=1)
        await self._race_to_verify(request_id)
        closer = people.staff if number % 4 == 2 else owner
        await self._step(closer, request_id, "close", "closed")
        if number % 4 == 0:
            await self._step(owner, request_id, "reopen", "reopened", {"reason": "又坏了"})
            await self._help(helper, request_id, cycle=2)
            await self._step(owner, request_id, "close", "closed")
        await self._step(owner, request_id, "rate", "rated", {"stars": 5})

    async def _submit(self, owner: Who) -> UUID:
        key = str(uuid4())
        asking = {
            "category": "errand",
            "description": f"{MARK} {key}",
            "place_id": str(self.community.place_id),
        }
        answer = await self._write(owner, "requests", "/requests", "submitted", asking, key=key)
        return UUID(answer.json()["id"])

    async def _help(self, helper: Who, request_id: UUID, *, cycle: int) -> None:
        """Find the task of this cycle, take it if it is free, do it; until it is resolved."""
        staff = self.community.staff

        async def task() -> dict[str, Any] | None:
            found = await self.community.get(
                staff, "volunteers", "/tasks", request_id=str(request_id)
            )
            return next((one for one in found["items"] if one["cycle"] == cycle), None)

        found = await self._comes(task)
        path = f"/tasks/{found['id']}"
        if found["state"] == "open":
            await self._write(helper, "volunteers", f"{path}/claim", "claim", {})
        await self._write(helper, "volunteers", f"{path}/check-in", "check-in")
        done = {"service_minutes": 30, "note": "办好了"}
        await self._write(helper, "volunteers", f"{path}/complete", "complete", done)

        async def resolved() -> bool:
            request = await self.community.get(staff, "requests", f"/requests/{request_id}")
            return request["status"] == "resolved"

        await self._comes(resolved)

    async def _race_to_verify(self, request_id: UUID) -> None:
        """Two who saw the same version say that the work is good: one of them is too late."""
        people = self.community
        seen = await people.get(people.staff, "requests", f"/requests/{request_id}")
        answers = await asyncio.gather(
            *(
                people.post(
                    who,
                    "requests",
                    f"/requests/{request_id}/verify",
                    {"passed": True},
                    **{"if-match": f'"{seen["version"]}"'},
                )
                for who in (people.staff, people.grid_worker)
            )
        )
        won = [one for one in answers if one.is_success]
        late = [one for one in answers if one.status_code == httpx.codes.PRECONDITION_FAILED]
        if (len(won), len(late)) != (1, 1):
            raise Refused(f"{request_id}: of two with one version, {[a.text for a in answers]}")
        view = won[0].json()
        self.journal.note(Entry("requests", "verified", request_id, view["version"], ""))

    async def _step(
        self, who: Who, request_id: UUID, step: str, kind: str, body: Any = None
    ) -> None:
        await self._write(who, "requests", f"/requests/{request_id}/{step}", kind, body)

    async def _write(
        self, who: Who, service: str, path: str, kind: str, body: Any = None, *, key: str = ""
    ) -> httpx.Response:
        """One write, noted in the journal as soon as it is acknowledged."""
        key = key or str(uuid4())
        headers = {"idempotency-key": key}
        answer = await self.community.post(who, service, path, body, **headers)
        if not answer.is_success:
            raise Refused(f"{kind} {path}: {answer.status_code} {answer.text}")
        view = answer.json()
        self.journal.note(Entry(service, kind, UUID(view["id"]), view["version"], key))
        return answer

    async def _comes[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask now and then, until the answer is true."""
        for _ in range(int(PATIENCE_SECONDS / 0.3)):
            answer = await ask()
            if answer:
                return answer
            await asyncio.sleep(0.3)  # as somebody looks again
        raise NotAnswered(f"{ask.__qualname__} within {PATIENCE_SECONDS} s")
