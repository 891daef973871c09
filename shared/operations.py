"""`/operations`: how a service and its consumers are, and its dead letters with their way back.

For the operator alone, in every service alike (ADR 0019). Nothing here shows what people wrote: of
an event there are its type, its subject and its id.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from shared import clock, dead_letters
from shared.backlog import Backlog, count_backlog
from shared.database import ALL_COMMUNITIES, is_busy, is_unreachable
from shared.dead_letters import Letter, Search, State
from shared.door import Door, PlatformTx
from shared.fields import Line, Payload
from shared.identity import Caller
from shared.permissions import Permissions, Role
from shared.version import VERSION

if TYPE_CHECKING:
    from shared.service import Service

__all__ = ["may", "router"]

may = Permissions({"operate": {Role.OPERATOR}})
"""Who may do what with a service itself."""

Operator = Annotated[Caller, may("operate")]

LARGEST_NUMBER = 2**63 - 1
Number = Annotated[
    int, Path(ge=1, le=LARGEST_NUMBER, description="Its number, as in `jinlin dlq`.")
]


class OutboxView(BaseModel):
    """What waits to be told."""

    unsent: int = Field(description="Events; counted up to 100 000.")
    oldest_at: datetime | None = Field(description="When the oldest of them was emitted.")


class KeptView(BaseModel):
    """What a consumer has set aside in the service's database."""

    parked: int = Field(description="Events that failed and wait for another attempt.")
    oldest_parked_at: datetime | None = Field(description="When the oldest of them was emitted.")
    dead_letters: int = Field(
        description="Events that are buried and open; counted up to 10 000 letters."
    )


class LagView(BaseModel):
    """What a consumer has before it on the bus, as of the last look, at most some seconds ago."""

    pending: int = Field(description="Events in the stream, not delivered yet.")
    unacknowledged: int = Field(description="Events that were delivered and are not settled.")
    is_stalled: bool = Field(description="Gone, or had work and did none for 30 s.")


class ConsumerView(BaseModel):
    """One durable consumer."""

    name: str
    stream: str
    waits_for_database: bool
    lag: LagView | None = Field(description="Null: the bus was not reached yet.")
    kept: KeptView | None = Field(description="Null: the database cannot be asked now.")


class HealthView(BaseModel):
    """One replica of a service: what it shares with the others, they tell alike."""

    service: str
    version: str
    started_at: datetime
    uptime_seconds: int
    is_ready: bool = Field(description="As `/readyz` says: all parts are well.")
    parts: dict[str, bool]
    outbox: OutboxView | None = Field(description="Null: the database cannot be asked now.")
    consumers: list[ConsumerView]


class DismissalView(BaseModel):
    """Who put a dead letter aside, and why."""

    at: datetime
    by: UUID | None = Field(description="Null: at the operator's terminal.")
    reason: str


class LetterView(BaseModel):
    """An event that its consumer could not work in."""

    number: int
    community: str = Field(description="Its slug; `_`: the whole platform, or none was named.")
    consumer: str
    event_id: UUID | None = Field(description="Null: the message does not name one.")
    type: str
    subject: str
    reason: str
    attempts: int = Field(description="How often its handler failed; 0: it could not be read.")
    buried_at: datetime
    state: State
    dismissed: DismissalView | None

    @classmethod
    def of(cls, letter: Letter) -> Self:
        """A letter without its headers and its body."""
        return cls.model_validate(letter, from_attributes=True)


class LettersView(BaseModel):
    """A page of dead letters, newest first."""

    items: list[LetterView]
    next: int | None = Field(description="Give it as `after`; null: this is the last page.")


class Filters(BaseModel):
    """Which dead letters, and which page of them."""

    settled: bool = Field(
        default=False, description="Also those that are worked in, dismissed or too old."
    )
    consumer: str | None = Field(default=None, pattern="^[a-z-]{1,100}$")
    after: int | None = Field(
        default=None, ge=1, le=LARGEST_NUMBER, description="`next` of the page before."
    )
    limit: int = Field(default=50, ge=1, le=100, description="How many at most.")


class DismissalPayload(Payload):
    """Why nothing is to be done; it is kept."""

    reason: Line


def router() -> APIRouter:
    """The routes; the service is the one that they are asked of."""
    routes = APIRouter(prefix="/operations", tags=["operations"], route_class=Door)

    @routes.get("/health", dependencies=[may("operate")])
    async def get_health(request: Request) -> HealthView:
        """How this service is: parts, outbox, and what each consumer has before it."""
        return await _look(request.app.state.service)

    @routes.get("/dead-letters", dependencies=[may("operate")])
    async def list_dead_letters(
        tx: PlatformTx, filters: Annotated[Filters, Query()]
    ) -> LettersView:
        """Events that could not be worked in, newest first: those that are not settled."""
        found = await dead_letters.letters(tx, Search(**filters.model_dump()))
        page = [LetterView.of(one) for one in found[: filters.limit]]
        return LettersView(items=page, next=page[-1].number if len(found) > len(page) else None)

    @routes.post("/dead-letters/{number}/replay", dependencies=[may("operate")])
    async def replay_dead_letter(request: Request, number: Number, tx: PlatformTx) -> LetterView:
        """Put it back to its consumer, once its cause is mended; it has its effect once."""
        consumers = request.app.state.service.consumers
        return LetterView.of(await dead_letters.replay(tx, number, consumers=consumers))

    @routes.post("/dead-letters/{number}/dismiss")
    async def dismiss_dead_letter(
        number: Number, dismissal: DismissalPayload, caller: Operator, tx: PlatformTx
    ) -> LetterView:
        """Put it aside for good: nobody can ever work it in."""
        return LetterView.of(
            await dead_letters.dismiss(tx, number, by=caller.person_id, reason=dismissal.reason)
        )

    return routes


async def _look(service: "Service") -> HealthView:
    """How a service is now; what cannot be asked is left out."""
    parts = await service.parts()
    kept = await _kept(service)
    consumers = [
        ConsumerView(
            name=durable,
            stream=consumer.spec.stream,
            waits_for_database=consumer.waits,
            lag=LagView(**lag._asdict()) if (lag := service.bus.lags.get(durable)) else None,
            kept=kept[1].get(durable) if kept else None,
        )
        for durable, consumer in service.consumers.items()
    ]
    return HealthView(
        service=service.name,
        version=VERSION,
        started_at=service.started_at,
        uptime_seconds=int(clock.seconds_since(service.started_at)),
        is_ready=all(parts.values()),
        parts=parts,
        outbox=kept[0] if kept else None,
        consumers=consumers,
    )


async def _kept(service: "Service") -> tuple[OutboxView, dict[str, KeptView]] | None:
    """What waits in the service's database; None when it cannot be asked."""
    try:
        async with service.database.transaction(ALL_COMMUNITIES) as tx:
            backlog = await count_backlog(tx)
            buried = await dead_letters.count_open(tx, service.consumers)
    except Exception as error:
        if not is_unreachable(error) and not is_busy(error):
            raise
        return None
    outbox = OutboxView(unsent=backlog.unsent, oldest_at=backlog.oldest_unsent)
    return outbox, {
        durable: _kept_of(backlog, durable, buried.get(durable, 0)) for durable in service.consumers
    }


def _kept_of(backlog: Backlog, durable: str, buried: int) -> KeptView:
    number, oldest = backlog.parked_of(durable)
    return KeptView(parked=number, oldest_parked_at=oldest, dead_letters=buried)
