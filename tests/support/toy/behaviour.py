"""What a test lets the toy's handler and routes do: fail, wait, tell."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from tests.support.toy.events import Thrown


@dataclass
class Behaviour:
    """Shared by a test and the toy service in the same process."""

    failures: dict[UUID, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    """By ball: what the next attempts raise, in this order; after them it is caught."""
    meanwhile: dict[UUID, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    """By ball: what happens after its effect, before the commit."""
    attempts: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    caught_at: dict[UUID, float] = field(default_factory=dict)
    """By ball, on the clock of `time.monotonic`."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Routes that wait go on when it is set."""
    waiting: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def fail(self, ball_id: UUID, *errors: Exception) -> None:
        self.failures[ball_id] += errors

    async def at_gate(self) -> None:
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1

    async def catch(self, ball: Thrown) -> None:
        self.attempts[ball.ball_id] += 1
        if errors := self.failures.get(ball.ball_id):
            raise errors.pop(0)

    async def caught(self, ball: Thrown) -> None:
        self.caught_at[ball.ball_id] = time.monotonic()
        if happen := self.meanwhile.pop(ball.ball_id, None):
            await happen()


behaviour = Behaviour()
