"""Taking back what was told, after an older database was restored."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from services.requests import domain, store
from services.requests.domain import Category, ServiceRequest, TaskStep
from services.requests.store import Step
from shared.database import Transaction
from shared.events import Event, TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted
from shared.events.requests import RequestEvent
from shared.problems import NotFound

__all__ = ["adopt"]


async def adopt(tx: Transaction, told: Sequence[RequestEvent], around: Sequence[Event]) -> int:
    """Rebuild requests from the events of theirs that this database does not know.

    `around` holds the steps of tasks that led to them. Tells nothing: all of it has been told.
    How many events could not be used: their requests were submitted before the streams reach back.
    Not even the numbers of those are given again.
    """
    causes: dict[UUID | None, TaskStep] = {
        one.event_id: one
        for one in around
        if isinstance(one, TaskClaimed | TaskDeclined | TaskStarted | TaskCompleted)
    }
    terms = await _terms(tx, told)
    lost = 0
    for (community, request_id), theirs in groupby(sorted(told, key=_order), key=_request):
        events = list(theirs)
        try:
            present = await store.load(tx, community, request_id)
        except NotFound:
            present = None
        rebuilt, steps = _rebuilt(present, events, causes, terms)
        await store.never_again(tx, community, events[0].number)
        if rebuilt is None:
            lost += len(events)
        elif steps:
            await store.put_back(tx, rebuilt, steps)
            await store.save_handlers(tx, rebuilt)
    return lost


def _rebuilt(
    request: ServiceRequest | None,
    events: Iterable[RequestEvent],
    causes: Mapping[UUID | None, TaskStep],
    terms: Mapping[tuple[str, str], Category],
) -> tuple[ServiceRequest | None, list[Step]]:
    """The request after its events, and the steps that they are."""
    steps: list[Step] = []
    for event in events:
        cause = causes.get(event.caused_by)
        known = request.version if request else 0
        request = domain.adopt(
            request, event, cause=cause, terms=terms[event.community, event.category]
        )
        if request and event.version > known:
            steps += [
                Step(
                    one.kind,
                    one.by,
                    event.occurred_at,
                    version=one.version,
                    cycle=event.cycle,
                    via=one.via,
                )
                for one in domain.steps_told(event, cause)
            ]
    return request, steps


async def _terms(tx: Transaction, told: Iterable[RequestEvent]) -> dict[tuple[str, str], Category]:
    """The terms of every category in `told`; one that is lost comes back, for nobody to choose."""
    named = {(one.community, one.category) for one in told}
    found: dict[tuple[str, str], Category] = {}
    for community in sorted({community for community, _ in named}):
        for one in await store.catalogue(tx, community, also_inactive=True):
            found[community, one.code] = one
    lost = [
        Category(community, code, code, code, None, "private", "none", active=False)
        for community, code in sorted(named - found.keys())
    ]
    if lost:
        await store.seed_catalogue(tx, lost)
    return found | {(one.community, one.code): one for one in lost}


def _request(event: RequestEvent) -> tuple[str, UUID]:
    return event.community, event.request_id


def _order(event: RequestEvent) -> tuple[str, UUID, int]:
    return *_request(event), event.version
