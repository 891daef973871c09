"""One run of the replay: who is signed in, what is known, and how far it is."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from deploy.demo.api import Api, Session
from deploy.foreseen import Foreseen

__all__ = ["NeverCame", "Run", "Told"]

WAIT_SECONDS: Final = 120
LOOK_SECONDS: Final = 0.2

Told = Callable[[str, int, int], None]
"""Hears of progress: the step's name, how much is done, of how much."""


class NeverCame(Foreseen):
    """What a step waits for did not come; says what and how much of it did."""


@dataclass
class Run:
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

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(thing)) for thing in waiting]
        except ExceptionGroup as failed:
            # One sentence for whoever runs it: what the first of them says is enough.
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def until[T](
        self, step: str, want: int, look: Callable[[], Awaitable[list[T]]]
    ) -> list[T]:
        """Look until `want` things are there. Raises NeverCame after two minutes."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            there = await look()
            self.told(step, min(len(there), want), want)
            if len(there) >= want:
                return there
            if time.monotonic() > deadline:
                raise NeverCame(
                    f"The replay waited {WAIT_SECONDS} s in vain for {step}: {len(there)} of "
                    f"{want} are there. `jinlin verify` says where the rest is held up."
                )
            await asyncio.sleep(LOOK_SECONDS)
