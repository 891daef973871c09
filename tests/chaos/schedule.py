"""What goes wrong, and when: a pure function of the seed (`RELIABILITY.md` §3).

Triggers count acknowledged closes, never time; `seconds` says how long a fault lasts.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Final

from shared.chaos import Point

__all__ = ["ACK_WAIT_SECONDS", "TARGETS", "WEIGHTS", "Fault", "Kind", "Plan", "schedule"]

ACK_WAIT_SECONDS: Final = 2.0
CHECKPOINT_EVERY: Final = 25


class Kind(StrEnum):
    """A way in which something goes wrong."""

    KILL_SERVICE = "kill service"
    CRASH_POINT = "crash point"
    KILL_NATS = "kill NATS"
    PAUSE = "pause longer than ack_wait"
    KILL_POSTGRES = "kill PostgreSQL"
    PARTITION = "partition"
    STALL = "half-open"
    DUPLICATE = "duplicate"
    RETELL = "told anew"
    POISON = "poison"
    FAIL = "handler fails"
    REORDER = "reorder"
    SLOW = "slow network"
    LOSE_CONSUMER = "consumer deleted"
    LOSE_STREAM = "stream deleted"
    FULL_STREAM = "stream full"
    EXHAUST = "connections exhausted"


WEIGHTS: Final = {
    Kind.KILL_SERVICE: 30,
    Kind.CRASH_POINT: 25,
    Kind.KILL_NATS: 10,
    Kind.PAUSE: 10,
    Kind.KILL_POSTGRES: 6,
    Kind.PARTITION: 4,
    Kind.STALL: 3,
    Kind.SLOW: 3,
    Kind.DUPLICATE: 2,
    Kind.RETELL: 2,
    Kind.POISON: 2,
    Kind.FAIL: 1,
    Kind.REORDER: 1,
    Kind.LOSE_CONSUMER: 1,
    Kind.LOSE_STREAM: 1,
    Kind.FULL_STREAM: 1,
    Kind.EXHAUST: 1,
}

_SERVICES: Final = ("directory", "requests", "volunteers", "points", "notify")
_LINKS: Final = tuple(
    f"{service} {server}" for service in _SERVICES[1:] for server in ("nats", "postgres")
)
_BY_SERVICE: Final = {
    "door": ("requests",),
    "relay": ("requests", "points"),
    "consumer": ("volunteers", "points", "notify"),
}
TARGETS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.KILL_SERVICE: _SERVICES,
    Kind.CRASH_POINT: tuple(
        f"{service} {point}" for point in Point for service in _BY_SERVICE[point.split(".")[0]]
    ),
    Kind.KILL_NATS: ("nats",),
    Kind.PAUSE: _SERVICES[1:],
    Kind.KILL_POSTGRES: ("postgres",),
    Kind.PARTITION: _LINKS,
    Kind.STALL: _LINKS,
    Kind.SLOW: _LINKS,
    Kind.DUPLICATE: ("REQUESTS", "POINTS", "VOLUNTEERS"),
    Kind.POISON: ("malformed", "unknown type", "wrong community", "large"),
    Kind.RETELL: ("REQUESTS",),
    Kind.FAIL: ("points",),
    Kind.REORDER: ("requests",),
    Kind.LOSE_CONSUMER: ("points-requests-closed", "notify-requests", "volunteers-requests"),
    Kind.LOSE_STREAM: ("REQUESTS", "POINTS", "DIRECTORY"),
    Kind.FULL_STREAM: ("REQUESTS",),
    Kind.EXHAUST: ("requests",),
}
"""Where each kind strikes."""

_SECONDS: Final = {
    Kind.KILL_NATS: (0.0, 1.5),
    Kind.KILL_POSTGRES: (0.0, 1.0),
    Kind.PAUSE: (ACK_WAIT_SECONDS + 0.5, ACK_WAIT_SECONDS + 1.5),
    Kind.PARTITION: (0.5, 3.0),
    Kind.STALL: (0.5, 3.0),
    Kind.SLOW: (0.5, 2.0),
}
_CLOSES_BETWEEN: Final = (9, 28)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: it strikes `after` so many closes since the last one was started."""

    number: int
    kind: Kind
    target: str
    after: int
    seconds: float

    def __str__(self) -> str:
        """For the log and the report."""
        return f"{self.number}: {self.kind} ({self.target})"


@dataclass(frozen=True, slots=True)
class Plan:
    """The faults of one run, in order."""

    seed: int
    faults: tuple[Fault, ...]

    @property
    def rounds(self) -> Sequence[Sequence[Fault]]:
        """The faults between two checkpoints."""
        every = range(0, len(self.faults), CHECKPOINT_EVERY)
        return [self.faults[start : start + CHECKPOINT_EVERY] for start in every]

    def save(self, path: Path) -> None:
        """Write it down: a red run is read beside it."""
        path.write_text(json.dumps(asdict(self), indent=1))


def schedule(seed: int, count: int, kinds: Sequence[Kind] = tuple(Kind)) -> Plan:
    """`count` faults of these kinds: each kind at least once if there is room, the rest by weight.

    With room for all, every service is killed and every crash point reached at least once.
    """
    random = Random(seed)
    certain = _certain(kinds, random)
    if count < len(certain):
        certain = _one_of_each(kinds, random)[:count]
    weights = [WEIGHTS[kind] for kind in kinds]
    others = random.choices(kinds, weights, k=count - len(certain))
    struck = certain + [(kind, random.choice(TARGETS[kind])) for kind in others]
    random.shuffle(struck)
    return Plan(
        seed,
        tuple(
            Fault(
                number,
                kind,
                target,
                after=random.randint(*_CLOSES_BETWEEN),
                seconds=round(random.uniform(*_SECONDS.get(kind, (0.0, 0.0))), 2),
            )
            for number, (kind, target) in enumerate(struck, start=1)
        ),
    )


def _one_of_each(kinds: Sequence[Kind], random: Random) -> list[tuple[Kind, str]]:
    """Each kind once, the weightiest first."""
    ordered = sorted(kinds, key=lambda kind: -WEIGHTS[kind])
    return [(kind, random.choice(TARGETS[kind])) for kind in ordered]


def _certain(kinds: Sequence[Kind], random: Random) -> list[tuple[Kind, str]]:
    """What a long run never lacks."""
    certain = [
        one
        for one in _one_of_each(kinds, random)
        if one[0] not in {Kind.KILL_SERVICE, Kind.CRASH_POINT}
    ]
    if Kind.KILL_SERVICE in kinds:
        certain += [(Kind.KILL_SERVICE, service) for service in _SERVICES]
    if Kind.CRASH_POINT in kinds:
        points = TARGETS[Kind.CRASH_POINT]
        certain += [
            (Kind.CRASH_POINT, random.choice([one for one in points if one.endswith(point)]))
            for point in Point
        ]
    return certain
