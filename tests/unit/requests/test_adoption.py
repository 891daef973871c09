"""A request rebuilt from what it told stands where it stood."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.requests import domain
from services.requests.domain import Category, ServiceRequest, Status
from services.requests.domain.adoption import LOST_WORDS
from services.requests.domain.request import WITH_TAKERS
from shared.events import Taker, TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted, Work
from shared.events.requests import RequestEvent
from shared.events.volunteers import TaskEvent
from shared.problems import Problem

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CATEGORY = Category(
    "wh", "repair", "维修", "Repairs", "standard", "public", "note", limit_hours=48, takers_wanted=2
)
REQUESTER, STAFF, HELPER, OTHER = (uuid4() for _ in range(4))
LIFE = (
    *("register", "list", "claim", "start", "complete", "rework", "start", "complete"),
    *("verify", "close", "rate", "reopen", "start", "complete", "silence"),
)
STEPS = (*sorted({*LIFE}), "dispatch", "decline", "cancel")
LIVES = st.builds(
    lambda lived, then: [*LIFE[:lived], *then],
    st.integers(0, len(LIFE)),
    st.lists(st.sampled_from(STEPS), max_size=8),
)


class Life:
    """A request, its task's steps, and all that was told of both."""

    def __init__(self) -> None:
        self.now = NOW
        self.task_version = 1
        self.steps: list[TaskEvent] = []
        self.told: list[tuple[RequestEvent, TaskEvent | None]] = []
        self.request, event = domain.submit(
            CATEGORY, request_id=uuid4(), number="WH-2026-000001", description="灯不亮",
            place_id=uuid4(), requester_id=REQUESTER, filed_by=REQUESTER, now=NOW,
        )  # fmt: skip
        self.told.append((event, None))

    def task(self, contract: type[TaskEvent], *helpers: UUID) -> None:
        """A step of the task, after which `helpers` stand; there is none before its request's.

        Nobody gives back what they neither have nor are offered.
        """
        is_to_give_back = self.request.work or self.request.status is Status.DISPATCHED
        if self.request.status not in WITH_TAKERS or not (
            is_to_give_back or contract is not TaskDeclined
        ):
            return
        self.task_version += 1
        takers = [Taker(kind="person", id=one) for one in helpers]
        fields: dict[str, object] = {
            "community": "wh", "occurred_at": self.now, "version": self.task_version,
            "task_id": uuid4(), "request_id": self.request.id, "cycle": self.request.cycle,
            "work": [Work(taker=one, person_id=one.id, service_minutes=9) for one in takers],
            "under_way": contract is not TaskClaimed and bool(helpers), "event_id": uuid4(),
        }  # fmt: skip
        if contract is not TaskCompleted:
            fields |= {"taker": Taker(kind="person", id=HELPER), "person_id": HELPER}
        step = contract(**fields)
        self.steps.append(step)
        followed = domain.follow_task(self.request, step, now=self.now)
        if followed:
            self.request, events = followed
            self.told += [(one, step) for one in events]

    def step(self, name: str) -> None:
        """Do it if it may be done now."""
        self.now += timedelta(minutes=1)
        request, now = self.request, self.now
        taker = Taker(kind="person", id=HELPER)
        tasks = {
            "claim": (TaskClaimed, HELPER), "decline": (TaskDeclined,),
            "start": (TaskStarted, HELPER, OTHER), "complete": (TaskCompleted, HELPER, OTHER),
        }  # fmt: skip
        if name in tasks:
            self.task(*tasks[name])
            return
        if name == "silence" and request.closes_at:
            self.now = now = max(now, request.closes_at)
        steps = {
            "silence": lambda: domain.close_by_silence(request, now=now),
            "register": lambda: domain.register(request, now=now),
            "list": lambda: domain.put_on_list(request, takers_wanted=3, now=now),
            "dispatch": lambda: domain.dispatch(request, taker=taker, now=now),
            "verify": lambda: domain.verify(request, by=STAFF, passed=True, now=now),
            "rework": lambda: domain.verify(request, by=STAFF, passed=False, now=now),
            "close": lambda: domain.close(request, by=REQUESTER, is_staff=False, now=now),
            "rate": lambda: domain.rate(request, by=REQUESTER, stars=4, now=now),
            "reopen": lambda: domain.reopen(request, by=REQUESTER, is_staff=False, now=now),
            "cancel": lambda: domain.cancel(request, by=STAFF, is_staff=True, now=now),
        }
        with suppress(Problem):
            self.request, event = steps[name]()
            self.told.append((event, None))


def adopted(
    life: Life,
    known: ServiceRequest | None = None,
    terms: Mapping[str, Category] = {"repair": CATEGORY},
) -> ServiceRequest | None:
    """What comes of what was told, and of the task's steps, which are read again."""
    request = known
    for event, cause in life.told:
        request = domain.adopt(request, event, cause=cause, terms=terms[event.category])
    for step in life.steps if request else ():
        followed = domain.follow_task(request, step, now=life.now)
        if followed:
            request, told = followed
            assert told == (), "nobody is told again"
    return request


@given(LIVES, st.integers(0, 25))
def test_it_stands_where_it_stood(steps: list[str], backup_after: int) -> None:
    life, backup = Life(), None
    for number, name in enumerate(steps):
        if number == backup_after:
            backup = life.request
        life.step(name)
    for rebuilt in (adopted(life), adopted(life, backup)):
        assert rebuilt is not None
        for field in (
            *("status", "cycle", "verified_by", "stars", "closed_at", "closed_as"),
            *("registered_at", "due_soon_at", "due_at", "closes_at"),
        ):
            assert getattr(rebuilt, field) == getattr(life.request, field), field
        assert rebuilt.version <= life.request.version
        if rebuilt.status in WITH_TAKERS:
            assert rebuilt.work == life.request.work
        assert adopted(life, rebuilt) == rebuilt


def test_the_history_says_again_that_it_closed_by_itself() -> None:
    life = Life()
    for name in (*LIFE[: LIFE.index("complete")], "complete", "silence"):
        life.step(name)
    event, cause = life.told[-1]
    (step,) = domain.steps_told(event, cause)
    assert step == (life.request.version, "closed", None, "timeout")


def test_what_was_asked_for_in_words_is_lost_and_says_so() -> None:
    rebuilt = adopted(Life())
    assert rebuilt is not None
    assert rebuilt.description == LOST_WORDS


def test_what_was_taken_in_as_another_category_comes_back_as_that_one() -> None:
    life = Life()
    safety = replace(CATEGORY, code="safety", visibility="private", limit_hours=4)
    life.request, event = domain.register(life.request, category=safety, now=NOW)
    life.told.append((event, None))
    rebuilt = adopted(life, terms={"repair": CATEGORY, "safety": safety})
    assert rebuilt is not None
    assert replace(rebuilt, description=life.request.description) == life.request


def test_without_its_first_event_it_cannot_be_rebuilt() -> None:
    life = Life()
    life.step("register")
    del life.told[0]
    assert adopted(life) is None
