"""What the requests service tells: the life of a service request (`DOMAIN.md` §6)."""

from typing import Literal
from uuid import UUID

from pydantic import Field, PositiveInt

from shared.events.base import Event, Taker, Work

__all__ = [
    "ClosedAs",
    "EvidenceNeeded",
    "RequestAccepted",
    "RequestCancelled",
    "RequestClosed",
    "RequestDispatched",
    "RequestEvent",
    "RequestListed",
    "RequestRated",
    "RequestRegistered",
    "RequestRejected",
    "RequestReopened",
    "RequestResolved",
    "RequestReworked",
    "RequestStarted",
    "RequestSubmitted",
    "RequestVerified",
]

EvidenceNeeded = Literal["none", "note", "photo"]
"""What a taker has to show on completing: nothing, some words, or a photo."""

ClosedAs = Literal["requester", "verifier", "on_the_spot", "timeout"]
"""By whose word a request was closed; `timeout`: by nobody's, it closed by itself."""


class RequestEvent(Event, owner="requests", entity="request_id"):
    """What every step of a request tells."""

    request_id: UUID
    number: str = Field(description="The number people read, for example WH-2026-000153.")
    cycle: PositiveInt = Field(description="1, and one more with every reopening.")
    category: str
    requester_id: UUID
    filed_by: UUID


class RequestSubmitted(RequestEvent, name="submitted"):
    """Somebody asked, for oneself or for somebody else (点单)."""

    place_id: UUID


class RequestRegistered(RequestEvent, name="registered"):
    """Staff took the request in (立案)."""


class RequestRejected(RequestEvent, name="rejected"):
    """Staff refused the request; the reason stays with the requests service."""


class RequestListed(RequestEvent, name="listed"):
    """The request is on the need list, for anybody to claim (需求清单)."""

    place_id: UUID
    takers_wanted: PositiveInt = 1
    evidence_needed: EvidenceNeeded = "none"


class RequestDispatched(RequestEvent, name="dispatched"):
    """The request is offered to one named taker (派单)."""

    place_id: UUID
    taker: Taker
    evidence_needed: EvidenceNeeded = "none"


class RequestAccepted(RequestEvent, name="accepted"):
    """Its first taker has accepted (接单)."""

    takers: tuple[Taker, ...]


class RequestStarted(RequestEvent, name="started"):
    """The first taker is at work (处置)."""


class RequestResolved(RequestEvent, name="resolved"):
    """The work is done and waits for verification (办结)."""

    work: tuple[Work, ...]


class RequestVerified(RequestEvent, name="verified"):
    """Somebody other than the handlers found the work good (核查)."""

    verified_by: UUID


class RequestReworked(RequestEvent, name="reworked"):
    """Verification failed: back to the same takers, in the same cycle (返工)."""


class RequestClosed(RequestEvent, name="closed"):
    """The request is done; its takers have earned what its rule grants (结案)."""

    closed_by: UUID | None = Field(description="None: nobody, it closed by itself (`timeout`).")
    closed_as: ClosedAs
    work: tuple[Work, ...]
    points_rule: str | None = Field(description="The rule that grants points; none: no points.")


class RequestRated(RequestEvent, name="rated"):
    """The requester said how it went, once a cycle."""

    stars: int = Field(ge=1, le=5)
    rated_by: UUID


class RequestReopened(RequestEvent, name="reopened"):
    """Not solved: a new cycle begins with the last takers; the cycle before loses its award."""

    place_id: UUID
    work: tuple[Work, ...] = Field(description="Who goes on with it; nobody: it waits for staff.")
    evidence_needed: EvidenceNeeded = "none"

    @property
    def closed_cycle(self) -> int:
        """The cycle whose close is undone."""
        return self.cycle - 1


class RequestCancelled(RequestEvent, name="cancelled"):
    """Withdrawn; whoever holds a task for it is free (撤单)."""
