"""Crash points: named places where a process dies when a plan says so, for `tests/chaos` only.

`JINLIN_CHAOS_PLAN=relay.after_publish:3` kills the process (SIGKILL: nothing is finished or cleaned
up) when it reaches that point for the third time; several plans are parted by commas. It is no
setting of a service: nothing that deploys one sets it, `.env.example` does not name it, and without
it `reach` is an empty function, chosen once, at the start. With it the process says so at once.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final

__all__ = ["PLAN", "Point", "reach"]

PLAN: Final = "JINLIN_CHAOS_PLAN"


class Point(StrEnum):
    """Where a crash is worth trying: each is a row of `RELIABILITY.md` §1."""

    DOOR_BEFORE_COMMIT = "door.before_commit"
    DOOR_AFTER_COMMIT = "door.after_commit"
    """Before the answer leaves."""
    RELAY_BEFORE_PUBLISH = "relay.before_publish"
    RELAY_AFTER_PUBLISH = "relay.after_publish"
    """Before the rows are marked as sent."""
    CONSUMER_BEFORE_COMMIT = "consumer.before_commit"
    CONSUMER_AFTER_COMMIT = "consumer.after_commit"
    """Before the events are acknowledged."""


def plan_of(text: str) -> Callable[[Point], None]:
    """What `reach` does under a plan. Raises ValueError for an unknown point or no number."""
    if not text:
        return _go_on
    hits = {Point(point): int(hit) for point, _, hit in (one.partition(":") for one in _each(text))}
    reached: Counter[Point] = Counter()
    _say(f"this process will be killed at {text}")

    def die_when_due(point: Point) -> None:
        reached[point] += 1
        if hits.get(point) == reached[point]:
            _say(f"killed at {point}:{reached[point]}")
            os.kill(os.getpid(), signal.SIGKILL)

    return die_when_due


def _each(text: str) -> list[str]:
    return [one.strip() for one in text.split(",")]


def _go_on(_point: Point) -> None:
    """Without a plan nothing happens."""


def _say(what: str) -> None:
    """Past every buffer: the next moment may be the last."""
    os.write(2, f"chaos: {what}\n".encode())


reach: Final = plan_of(os.environ.get(PLAN, ""))
"""Tell that the process is at a point; with a plan it may not return."""
