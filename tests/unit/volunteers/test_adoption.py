"""A task rebuilt from what it told and what its request told stands where it stood."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.volunteers import domain
from services.volunteers.domain import Actor, Report, RequestStep, Task
from shared.events import (
    RequestCancelled,
    RequestClosed,
    RequestListed,
    RequestReworked,
)
from shared.events.volunteers import TaskEvent

NOW = datetime(2026, 3, 5, 8, tzinfo=UTC)
ONE, TWO = Actor(UUID(int=101)), Actor(UUID(int=102))
LIFE = (
    *("list", "claim one", "claim two", "decline two", "claim two", "start one", "start two"),
    *("complete one", "complete two", "rework", "complete one", "complete two", "close"),
)


class Life:
    """A task, and all that was told of it and of its request."""

    def __init__(self) -> None:
        self.now, self.version = NOW, 2
        self.task: Task | None = None
        self.steps: list[RequestStep] = []
        self.told: list[TaskEvent] = []

    def follow(self, contract: type[RequestStep], **fields: Any) -> None:
        self.version += 1
        step = contract(
            community="wenhua", occurred_at=self.now, event_id=uuid4(), request_id=UUID(int=2),
            number="WH-2026-000001", cycle=1, category="repair", requester_id=UUID(int=3),
            filed_by=UUID(int=3), version=self.version, **fields,
        )  # fmt: skip
        self.steps.append(step)
        followed = domain.follow_request(self.task, step, task_id=UUID(int=1), now=self.now)
        self.task = followed[0] if followed else self.task

    def does(self, name: str) -> None:
        """Do it a minute later."""
        self.now += timedelta(minutes=1)
        verb, _, who = name.partition(" ")
        match verb:
            case "list":
                self.follow(RequestListed, place_id=UUID(int=4), takers_wanted=2)
            case "rework":
                self.follow(RequestReworked)
            case "close":
                closed = {"closed_by": UUID(int=3), "closed_as": "requester", "work": ()}
                self.follow(RequestClosed, **closed, points_rule=None)
            case "cancel":
                self.follow(RequestCancelled)
            case _:
                self.taker_does(verb, ONE if who == "one" else TWO)

    def taker_does(self, verb: str, actor: Actor) -> None:
        task = self.task
        assert task is not None
        more: dict[str, Any] = {"organisation_id": None, "now": self.now}
        steps: dict[str, Any] = {
            "claim": lambda: domain.claim(task, actor, **more),
            "decline": lambda: domain.decline(task, actor, reason="没空", **more),
            "start": lambda: domain.check_in(task, actor, **more),
            "complete": lambda: domain.complete(task, actor, Report(30), **more),
        }
        self.task, event = steps[verb]()
        if event:
            self.told.append(event.model_copy(update={"event_id": uuid4()}))


@pytest.mark.parametrize("lived", range(1, len(LIFE) + 1))
@pytest.mark.parametrize("end", [None, "cancel"])
def test_it_stands_where_it_stood(lived: int, end: str | None) -> None:
    life = Life()
    for name in LIFE[:lived]:
        life.does(name)
    if end and lived < len(LIFE):
        life.does(end)
    rebuilt = domain.adopt(None, life.steps, life.told, task_id=UUID(int=1))
    assert rebuilt is not None
    assert life.task is not None
    told_last = life.told[-1].version if life.told else 0
    assert rebuilt.version >= told_last
    if LIFE[lived - 1] == "complete one":  # two is still at work, so nobody was told
        return
    assert (rebuilt.state, rebuilt.places_free) == (life.task.state, life.task.places_free)
    assert [(one.taker, one.state, one.service_minutes) for one in rebuilt.standing] == [
        (one.taker, one.state, one.service_minutes) for one in life.task.standing
    ]
