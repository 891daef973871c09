"""What callers send and see of requests."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.requests import actions, store
from services.requests.domain import Category, OwnChoices, ServiceRequest, Status, Via
from services.requests.domain.slip import not_solved_until
from services.requests.routes.eyes import concerns
from shared.door import Versioned
from shared.events import Taker, Work
from shared.events.requests import ClosedAs, EvidenceNeeded
from shared.fields import Code, Line, Payload, Words
from shared.identity import Caller

__all__ = [
    "Asking",
    "CategoryView",
    "Dispatching",
    "Listing",
    "Noting",
    "OnTheSpot",
    "OwnChoicesView",
    "QueueCounts",
    "Rating",
    "Reason",
    "Registering",
    "RequestView",
    "SlipView",
    "StepView",
    "Terms",
    "Verdict",
]


class Asking(Payload):
    """A request, for oneself or (`requester_id`) for another member."""

    category: Code = Field(examples=["repair"])
    description: Words = Field(min_length=1, examples=["三楼楼道灯不亮，老人晚上看不清。"])
    place_id: UUID = Field(description="Where: a place of the community, a building at most.")
    requester_id: UUID | None = Field(default=None, description="For whom; none: for oneself.")
    note: Words = Field(
        default="",
        description="For owners, handlers and staff, in the history: which door, whom to ring.",
        examples=["3单元501室。请打给王阿姨 13800138000。"],
    )


class OnTheSpot(Asking):
    """A small thing that staff have just settled (即办)."""

    service_minutes: int = Field(ge=1, le=480)
    spoken_word: Words = Field(
        min_length=1, description="What the resident said: the confirmation.", examples=["修好了"]
    )


class Reason(Payload):
    """Why."""

    reason: Words = ""


class Registering(Payload):
    """How the request is taken in."""

    category: Code | None = Field(default=None, description="None: as it was filed.")


class Noting(Payload):
    """What staff write down for each other."""

    words: Words = Field(min_length=1, examples=["已电话联系，家中有人时再上门。"])


class Listing(Payload):
    """How the request is published."""

    takers_wanted: int | None = Field(default=None, ge=1, le=100, description="None: as usual.")


class Dispatching(Payload):
    """To whom the request is offered."""

    taker: Taker


class Verdict(Payload):
    """What the verifier found."""

    passed: bool
    note: Words = ""


class Rating(Payload):
    """How it went."""

    stars: int = Field(ge=1, le=5)
    note: Words = ""


class Terms(Payload):
    """The terms of a category."""

    title_zh: Line
    title_en: Line
    points_rule: Code | None = Field(default=None, description="None: it earns no points.")
    visibility: Literal["public", "private"] = "public"
    evidence_needed: EvidenceNeeded = "none"
    limit_hours: int | None = Field(
        default=None,
        ge=1,
        le=8784,
        description="From taking it in to its solution; None: no limit.",
    )
    takers_wanted: int = Field(default=1, ge=1, le=100)
    active: bool = True


class CategoryView(Terms):
    """A kind of request in the catalogue."""

    code: Code

    @classmethod
    def of(cls, category: Category) -> "CategoryView":
        """The view of a category."""
        return cls.model_validate(category, from_attributes=True, extra="ignore")


class RequestView(Versioned):
    """A request as its caller may see it."""

    id: UUID
    number: str
    status: Status
    cycle: int
    category: str
    description: str
    place_id: UUID
    requester_id: UUID | None = Field(description="Hidden from callers it does not concern.")
    filed_by: UUID | None
    visibility: str
    takers_wanted: int
    evidence_needed: EvidenceNeeded
    points_rule: str | None
    offered_to: Taker | None = Field(description="Whom it was dispatched to, and who may answer.")
    work: tuple[Work, ...]
    verified_by: UUID | None
    stars: int | None
    closed_as: ClosedAs | None = Field(
        description="By whose word; timeout: nobody answered, it closed by itself."
    )
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    due_soon_at: datetime | None = Field(description="When 80 % of its limit are used up.")
    due_at: datetime | None = Field(description="When its limit is used up; null: it has none.")
    closes_at: datetime | None = Field(
        description="When it closes by itself, if nobody answers; null: it is not resolved."
    )

    @classmethod
    def of(cls, request: ServiceRequest, caller: Caller) -> "RequestView":
        """The view of a request: who asked and who helps is shown to those it concerns."""
        view = cls.model_validate(request, from_attributes=True)
        if concerns(request, caller):
            return view
        hidden = dict.fromkeys(("requester_id", "filed_by", "offered_to", "verified_by"))
        return view.model_copy(update=hidden | {"work": ()})


class QueueCounts(BaseModel):
    """How many requests wait for the desk; one may wait in several queues."""

    to_triage: int = Field(description="待受理: submitted.")
    to_dispatch: int = Field(description="待派单: registered or listed, nobody has taken it.")
    due_soon: int = Field(description="即将超时: unresolved, 80 % of the limit or more used up.")
    overdue: int = Field(description="超时: unresolved, the limit has passed.")
    to_verify: int = Field(description="待核查: resolved, not closed yet.")
    to_call_back: int = Field(
        description="待回访: closed within seven days, not on the spot, and not rated."
    )


class OwnChoicesView(BaseModel):
    """Which buttons would do something now for the caller, staff or not, as a member."""

    confirm: bool = Field(description="解决了: close it.")
    not_solved: bool = Field(description="没解决: back to its takers, or open again.")
    not_solved_until: datetime | None = Field(
        description="Until when a closed request can be opened again."
    )
    rate: bool
    cancel: bool
    add_photos: bool

    @classmethod
    def of(cls, request: ServiceRequest, found: OwnChoices) -> "OwnChoicesView":
        """The view of what can be chosen."""
        return cls(**asdict(found), not_solved_until=not_solved_until(request))


class StepView(BaseModel):
    """One line of the history."""

    kind: str = Field(description="What happened; slip_printed has the version of the step before.")
    by: UUID | None = Field(description="Hidden, like the note, from those it does not concern.")
    at: datetime
    note: str
    version: int
    cycle: int
    via: Via | None = Field(
        description="slip: not signed in, but by the requester's paper slip. timeout: by nobody; "
        "it was not answered, and closed by itself."
    )

    @classmethod
    def of(cls, step: store.Step, *, concerned: bool) -> "StepView":
        """The view of a step: others see what happened and when, not who and why."""
        view = cls.model_validate(step, from_attributes=True)
        return view if concerned else view.model_copy(update={"by": None, "note": "", "via": None})


class SlipView(BaseModel):
    """A paper slip; its code is shown this once."""

    number: str
    code: str = Field(examples=["7KQ2-M9XA-04TF"])
    path: str = Field(description="What the QR code opens, below the origin.")

    @classmethod
    def of(cls, slip: actions.PrintedSlip) -> "SlipView":
        """The view of a new slip."""
        return cls(number=slip.number, code=slip.code, path=f"/f/{slip.code}")
