"""The toy service's contracts, known to the consumers only while a toy service runs."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import ClassVar
from uuid import UUID

from shared import clock, ids
from shared.events import Event


class ToyEvent(Event, owner="toy", entity="ball_id"):
    """What both tell. Without a `name` on the class line a contract does not register itself."""

    ball_id: UUID
    words: str = ""


class Thrown(ToyEvent):
    """Comes in."""

    name: ClassVar[str] = "thrown"


class Returned(ToyEvent):
    """Goes out: one for each ball that was caught."""

    name: ClassVar[str] = "returned"


@contextmanager
def known_contracts() -> Generator[None]:
    """Let consumers read the toy's events; afterwards nobody finds them among the real ones."""
    new = {one.type(): one for one in (Thrown, Returned) if one.type() not in Event.known}
    Event.known.update(new)
    try:
        yield
    finally:
        for one in new:
            del Event.known[one]


def thrown(community: str, *, ball_id: UUID | None = None, version: int = 1) -> Thrown:
    """A new ball, with its id on it."""
    return Thrown(
        event_id=ids.new_id(),
        community=community,
        occurred_at=clock.now(),
        version=version,
        ball_id=ball_id or ids.new_id(),
    )


def returned(community: str, ball_id: UUID, *, version: int = 1, words: str = "") -> Returned:
    """An event to be emitted: unstamped."""
    return Returned(
        community=community,
        occurred_at=clock.now(),
        version=version,
        ball_id=ball_id,
        words=words,
    )
