"""The request that is open at the desk: its facts, what can be done, and who could do it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.console.clients.models.requests import (
    PhotoView,
    RequestView,
    StepView,
)
from services.console.clients.models.volunteers import CandidateView, TaskView
from services.console.clients.models.volunteers import PhotoView as WorkPhotoView
from services.console.pages.desk.shown import Shown
from services.console.pages.parts.called import Called, called
from services.console.pages.parts.part import Part, part
from services.console.pages.parts.remaining import Remaining, remaining
from services.console.pages.visitor import Visitor
from shared import clock

__all__ = ["Opened", "opened", "steps_for"]

WAITING: Final = frozenset({"registered", "listed", "dispatched"})
"""Where somebody is still to be found."""

REOPEN_DAYS: Final = 7
_STEPS: Final[Mapping[str, Sequence[str]]] = {
    "submitted": ("register", "reject", "cancel"),
    "registered": ("dispatch", "list", "reject", "cancel"),
    "listed": ("dispatch", "cancel"),
    "dispatched": ("dispatch", "list", "cancel"),
    "accepted": ("cancel",),
    "in_progress": ("cancel",),
    "resolved": ("finish", "rework"),
    "closed": ("reopen",),
}
"""What staff can do by state, the next thing first (`DOMAIN.md` §6)."""

SHOWN: Final = 8
AT_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Opened:
    """A request with all that is beside it; parts whose service is down say so."""

    request: RequestView
    remaining: Remaining
    steps: Sequence[str]
    """What the visitor can do now, the next thing first."""
    is_own_work: bool
    history: Part[list[StepView]]
    photos: Part[list[PhotoView]]
    tasks: Part[Sequence[TaskView]]
    work_photos: Mapping[UUID, Part[list[WorkPhotoView]]]
    """By the id of their task."""
    candidates: Part[Sequence[CandidateView]] | None
    called: Called


async def opened(visitor: Visitor, shown: Shown) -> Opened | None:
    """The request that `shown` opens. Raises Refused, Unavailable."""
    if shown.open is None:
        return None
    services, caller, community = visitor.services, visitor.caller, visitor.community
    request, history, photos, tasks = await asyncio.gather(
        services.requests.get_request(caller, community, shown.open),
        part(services.requests.get_history(caller, community, shown.open)),
        part(services.requests.list_photos(caller, community, shown.open)),
        part(_tasks(visitor, shown.open)),
    )
    candidates, work_photos = await asyncio.gather(
        _candidates(visitor, request, shown.who), _work_photos(visitor, tasks.value or ())
    )
    ids = {request.requester_id, request.filed_by, request.verified_by}
    ids |= {request.offered_to.id if request.offered_to else None}
    ids |= {one.taker.id for one in request.work} | {one.person_id for one in request.work}
    ids |= {step.by for step in history.value or ()}
    ids |= {one.taker.id for one in (candidates and candidates.value) or ()}
    me = visitor.who.id if visitor.who else None
    return Opened(
        request=request,
        remaining=remaining(request, visitor.gettext, visitor.ngettext, clock.now()),
        steps=steps_for(request, me, clock.now()),
        is_own_work=me in handlers(request),
        history=history,
        photos=photos,
        tasks=tasks,
        work_photos=work_photos,
        candidates=candidates,
        called=await called(visitor, ids, [request.place_id]),
    )


def handlers(request: RequestView) -> frozenset[UUID]:
    """The people who did the work: they do not judge it."""
    return frozenset(person for one in request.work for person in (one.person_id, *one.acted))


def steps_for(request: RequestView, me: UUID | None, now: datetime) -> Sequence[str]:
    """What staff can do with a request, the next thing first.

    The service decides; this hides what it would refuse.
    """
    fitting = _STEPS.get(request.status, ())
    return [one for one in fitting if _fits(one, request, me, now)]


def _fits(step: str, request: RequestView, me: UUID | None, now: datetime) -> bool:
    match step:
        case "list":
            return request.visibility == "public"
        case "finish" | "rework":
            return me not in handlers(request)
        case "reopen":
            closed_at = request.closed_at
            return closed_at is not None and now - closed_at <= timedelta(days=REOPEN_DAYS)
        case _:
            return True


async def _tasks(visitor: Visitor, request_id: UUID) -> Sequence[TaskView]:
    ask = visitor.services.volunteers.list_tasks
    return (await ask(visitor.caller, visitor.community, request_id=request_id)).items


async def _work_photos(
    visitor: Visitor, tasks: Sequence[TaskView]
) -> Mapping[UUID, Part[list[WorkPhotoView]]]:
    """What the takers showed of their work, where anybody has taken it."""
    taken = [one.id for one in tasks if one.assignments]
    ask = visitor.services.volunteers.list_photos
    found = await asyncio.gather(
        *(part(ask(visitor.caller, visitor.community, one)) for one in taken)
    )
    return dict(zip(taken, found, strict=True))


async def _candidates(
    visitor: Visitor, request: RequestView, who: str
) -> Part[Sequence[CandidateView]] | None:
    """Whom to ask; where `who` is looked for, those who are called so."""
    if request.status not in WAITING:
        return None
    owners = [one for one in (request.requester_id, request.filed_by) if one]
    if who:
        return await part(_named(visitor, request, who, owners))
    ask = visitor.services.volunteers.list_candidates
    return await part(
        ask(
            visitor.caller,
            visitor.community,
            skill=request.category,
            without=owners,
            limit=SHOWN,
        )
    )


async def _named(
    visitor: Visitor, request: RequestView, who: str, owners: list[UUID]
) -> Sequence[CandidateView]:
    """Those of the candidates, suited or not, who are called so."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    people, organisations = await asyncio.gather(
        services.directory.list_people(caller, community, q=who, limit=SHOWN),
        services.directory.list_organisations(caller, community, q=who, limit=SHOWN),
    )
    found = [one.id for one in (*people.items, *organisations.items)]
    if not found:
        return []
    ask = services.volunteers.list_candidates
    skill = request.category
    return await ask(caller, community, skill=skill, among=found, without=owners, limit=AT_MOST)
