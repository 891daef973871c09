"""What callers send and see of tasks and hours."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body
from pydantic import BaseModel, Field

from services.volunteers import store
from services.volunteers.domain import Actor, Evidence, Report, Standing, State, Task
from services.volunteers.permissions import SEES_ALL
from shared.door import Versioned
from shared.events import Taker
from shared.events.directory import PlaceKind
from shared.events.requests import EvidenceNeeded
from shared.fields import Payload, Words
from shared.identity import Caller
from shared.pages import Page
from shared.permissions import TAKERS

__all__ = [
    "Acting",
    "ActingBody",
    "ClaimingBody",
    "Completing",
    "Declining",
    "HoursView",
    "RecordView",
    "TaskView",
    "actor_of",
    "concerns",
    "eyes_of",
    "found_view",
]


# Inside Annotated: as a field's default, `Field(max_length=…)` would not narrow that of `Words`.
Reference = Annotated[Words, Field(min_length=1, max_length=200, description="Where it is kept.")]


def actor_of(caller: Caller, community: str) -> Actor:
    """The caller as a taker."""
    return Actor(caller.person_id, caller.organisations_in(community))


def eyes_of(caller: Caller, community: str) -> store.Eyes:
    """What the caller may see of a community's tasks."""
    roles = caller.roles_in(community)
    return store.Eyes(
        taker_ids=sorted(actor_of(caller, community).taker_ids),
        person_id=caller.person_id,
        may_take=bool(roles & TAKERS),
        sees_all=bool(roles & SEES_ALL),
    )


def concerns(task: Task, caller: Caller) -> bool:
    """Whether a task is the caller's business: as staff, owner or taker."""
    eyes = eyes_of(caller, task.community)
    takers = {one.taker.id for one in task.standing}
    is_theirs = caller.person_id in task.owners or not takers.isdisjoint(eyes.taker_ids)
    return is_theirs or eyes.sees_all


class Acting(Payload):
    """For whom the caller acts."""

    organisation_id: UUID | None = Field(
        default=None, description="An organisation of the caller's; none: for oneself."
    )


ActingBody = Annotated[Acting | None, Body()]
"""Who acts for oneself need not send anything."""


class Claiming(Acting):
    """For whom the caller claims, and who goes."""

    person_id: UUID | None = Field(
        default=None, description="A member of the organisation, who goes; none: oneself."
    )


ClaimingBody = Annotated[Claiming | None, Body()]


class Declining(Acting):
    """Why a task is given back."""

    reason: Words = Field(default="", examples=["临时有事"])


class EvidenceOf(Payload):
    """Something to show of the work, kept elsewhere; photos are added to the task itself."""

    kind: Literal["photo", "note", "signature"]
    reference: Reference


class Completing(Acting):
    """What was done."""

    service_minutes: int = Field(ge=1, le=1440, description="The time it took.")
    note: Words = Field(default="", examples=["换了灯泡"])
    evidence: tuple[EvidenceOf, ...] = Field(default=(), max_length=20)

    def report(self) -> Report:
        """The same in the words of the domain."""
        evidence = tuple(Evidence(one.kind, one.reference) for one in self.evidence)
        return Report(self.service_minutes, self.note, evidence)


class EvidenceView(BaseModel):
    """Something that was shown."""

    kind: str
    reference: str


class AssignmentView(BaseModel):
    """One taker of a task."""

    taker: Taker
    person_id: UUID = Field(description="Who acted last, for oneself or for the organisation.")
    state: Standing
    service_minutes: int
    note: str
    evidence: tuple[EvidenceView, ...]
    reason: str = Field(description="Why it was given back.")
    claimed_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    declined_at: datetime | None


class TaskView(Versioned):
    """A task as its caller may see it."""

    id: UUID
    request_id: UUID
    cycle: int
    number: str
    category: str
    place_id: UUID | None = Field(description="None: withdrawn before it was listed.")
    requester_id: UUID | None = Field(description="Hidden from callers it does not concern.")
    filed_by: UUID | None
    takers_wanted: int
    places_free: int
    evidence_needed: EvidenceNeeded
    state: State
    offered_to: Taker | None
    assignments: tuple[AssignmentView, ...] = Field(
        description="All of them for staff, requester and takers; for others none."
    )
    created_at: datetime
    updated_at: datetime
    shared_place: PlaceKind | None = Field(
        default=None, description="In a list with `near`: the smallest place that holds both."
    )

    @classmethod
    def of(cls, task: Task, caller: Caller) -> "TaskView":
        """The view of a task: who asks and who helps is shown to those it concerns."""
        view = cls.model_validate(task, from_attributes=True)
        if concerns(task, caller):
            return view
        eyes = eyes_of(caller, task.community)
        own = tuple(one for one in view.assignments if one.taker.id in eyes.taker_ids)
        hidden = {"requester_id": None, "filed_by": None, "assignments": own}
        return view.model_copy(update=hidden)


def found_view(found: store.Found, caller: Caller) -> TaskView:
    """The view of a task in a list."""
    view = TaskView.of(found.task, caller)
    return view.model_copy(update={"shared_place": found.shared_place})


class RecordView(BaseModel):
    """What somebody did for one task."""

    id: UUID
    taker: Taker
    task_id: UUID
    request_id: UUID
    cycle: int
    service_minutes: int
    completed_at: datetime


class HoursView(BaseModel):
    """The hours of service of one person (志愿服务时长)."""

    person_id: UUID
    service_minutes: int = Field(description="All of them together.")
    records: Page[RecordView]
