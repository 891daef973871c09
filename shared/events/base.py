"""What every event has: an envelope, a subject on the bus and a CloudEvents type."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PositiveInt, StringConstraints

__all__ = [
    "PLATFORM",
    "UNSTAMPED",
    "Community",
    "Event",
    "Moment",
    "Taker",
    "Work",
]

PLATFORM = "_"
"""In the place of a community: an event that belongs to the whole platform."""

UNSTAMPED = UUID(int=0)
"""The id of an event that has not entered an outbox yet; `emit` gives the real one."""

Community = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]{1,40}|_)$")]
"""A community's slug: one token of a subject on the bus, never longer than 40."""

Moment = AwareDatetime
"""A time with its zone (RFC 3339 on the wire)."""


class Event(BaseModel):
    """A fact that its owner tells the others. Released fields never change their meaning.

    The body names everything by id: no name, phone or address ever enters an event.
    Subclasses say who owns them, their name and which field is their entity:
    `class RequestClosed(RequestEvent, name="closed")`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    owner: ClassVar[str]
    name: ClassVar[str]
    revision: ClassVar[int] = 1
    entity: ClassVar[str]
    keeps_last: ClassVar[bool] = False
    """State: the stream keeps the last event of each entity only."""

    known: ClassVar[dict[str, type["Event"]]] = {}
    """Every contract by its CloudEvents type."""

    event_id: UUID = UNSTAMPED
    community: Community
    occurred_at: Moment
    version: PositiveInt = Field(description="The entity's version after this event.")
    caused_by: UUID | None = Field(default=None, description="The event that led to this one.")

    def __init_subclass__(
        cls,
        *,
        owner: str | None = None,
        name: str | None = None,
        entity: str | None = None,
        keeps_last: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Read the contract from the class line and register it when it has a name."""
        super().__init_subclass__(**kwargs)
        if owner is not None:
            cls.owner = owner
        if entity is not None:
            cls.entity = entity
        if keeps_last is not None:
            cls.keeps_last = keeps_last
        if name is not None:
            cls.name = name
            Event.known[cls.type()] = cls

    @classmethod
    def type(cls) -> str:
        """The CloudEvents type, for example `cn.jinlin.requests.closed.v1`."""
        return f"cn.jinlin.{cls.owner}.{cls.name}.v{cls.revision}"

    @classmethod
    def subjects(cls) -> str:
        """The subject filter that finds this event in every community."""
        return f"evt.*.{cls.owner}.{cls.name}.v{cls.revision}" + (".*" if cls.keeps_last else "")

    @property
    def subject(self) -> str:
        """The subject this event travels on; state appends its entity (`DESIGN.md` §5)."""
        subject = f"evt.{self.community}.{self.owner}.{self.name}.v{self.revision}"
        return f"{subject}.{self.entity_id}" if self.keeps_last else subject

    @property
    def entity_id(self) -> str:
        """The id of what the event is about."""
        return str(getattr(self, self.entity))


class Taker(BaseModel):
    """Who takes a request: a person, or an organisation through one of its members."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["person", "organisation"]
    id: UUID


class Work(BaseModel):
    """What one taker did: the hours of service go to the taker, the deed to the person."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    taker: Taker
    person_id: UUID = Field(description="Who acted last, for oneself or for the organisation.")
    service_minutes: int = Field(default=0, ge=0)
    acted: tuple[UUID, ...] = Field(default=(), description="Everybody who had a hand in it.")
