"""What the volunteers service tells: who takes a task and how the work goes."""

from uuid import UUID

from pydantic import Field, PositiveInt

from shared.events.base import Event, Taker, Work

__all__ = ["TaskClaimed", "TaskCompleted", "TaskDeclined", "TaskEvent", "TaskStarted"]


class TaskEvent(Event, owner="volunteers", entity="task_id"):
    """What every step of a task tells: all who stand after it, so that the newest is enough."""

    task_id: UUID
    request_id: UUID
    cycle: PositiveInt
    work: tuple[Work, ...] = Field(description="Each taker who stands, and who acts for it.")
    under_way: bool = Field(description="Somebody who stands has checked in.")


class TaskClaimed(TaskEvent, name="task_claimed"):
    """One more taker stands; there is exactly one winner for each place (接单)."""

    taker: Taker
    person_id: UUID


class TaskDeclined(TaskEvent, name="task_declined"):
    """A taker gives it back, or turns an offer down (退单); the reason stays here."""

    taker: Taker
    person_id: UUID


class TaskStarted(TaskEvent, name="task_started"):
    """A taker has checked in at the place (签到)."""

    taker: Taker
    person_id: UUID


class TaskCompleted(TaskEvent, name="task_completed"):
    """Every taker has finished; the hours are recorded."""
