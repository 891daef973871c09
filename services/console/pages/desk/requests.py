"""The desk: queues with their counts, the requests of one, and the one that is open beside them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from services.console.clients.models.requests import RequestView, RequestViewPage
from services.console.pages.access import SignedIn
from services.console.pages.desk.opened import opened
from services.console.pages.desk.shown import DONE, QUEUES, Shown
from services.console.pages.parts.called import Called, called, masked
from services.console.pages.parts.categories import category_titles
from services.console.pages.parts.part import Part, part
from services.console.pages.parts.remaining import Remaining, remaining
from services.console.pages.visitor import Visitor
from shared import clock

__all__ = ["Address", "desk_page", "router"]

PAGE: Final = 50
MOST_GRIDS: Final = 100

router = APIRouter()

Address = Annotated[Shown, Query()]


@dataclass(frozen=True, slots=True)
class Row:
    """One request in the table. Names are masked: whoever stands at the desk reads along."""

    request: RequestView
    place: str
    grid: str
    requester: str
    takers: Sequence[str]
    remaining: Remaining


@router.get("/desk")
async def desk(visitor: SignedIn, shown: Address) -> Response:
    """The desk; of the request that is opened only its panel, where the script asks for it."""
    return await desk_page(visitor, shown)


async def desk_page(visitor: Visitor, shown: Shown, status: int = 200, **context: Any) -> Response:
    """The desk as `shown` says it; `context` is what came of a form of the panel."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    catalogue = part(services.requests.get_catalogue(caller, community))
    given: dict[str, Any] = {
        "shown": shown,
        "queues": QUEUES,
        "done_words": DONE,
        **({"sent": None, "failed": "", "phone": ""} | context),
    }
    if visitor.is_partial and shown.open:
        categories, found = await asyncio.gather(catalogue, opened(visitor, shown))
        given["titles"] = category_titles(visitor, categories.value)
        return visitor.page("desk/requests.html", status, block="panel", opened=found, **given)
    ask = services.directory.list_places
    categories, counts, grids, listed, found = await asyncio.gather(
        catalogue,
        part(services.requests.count_queues(caller, community)),
        part(ask(caller, community, kind="grid", limit=MOST_GRIDS)),
        _listed(visitor, shown),
        opened(visitor, shown),
    )
    requests, rows = listed
    return visitor.page(
        "desk/requests.html",
        status,
        titles=category_titles(visitor, categories.value),
        counts=counts,
        grids=grids,
        requests=requests,
        rows=rows,
        opened=found,
        **given,
    )


async def _listed(visitor: Visitor, shown: Shown) -> tuple[Part[RequestViewPage], Sequence[Row]]:
    """A page of requests, and the names in it: three calls, however many rows."""
    ask = visitor.services.requests.list_requests
    requests = await part(
        ask(
            visitor.caller,
            visitor.community,
            queue=shown.queue,
            grid=shown.grid,
            category=shown.category or None,
            q=shown.q or None,
            after=shown.after,
            limit=PAGE,
        )
    )
    items = requests.value.items if requests.value else []
    people = {one.requester_id for one in items}
    people |= {work.taker.id for one in items for work in one.work}
    people |= {one.offered_to.id for one in items if one.offered_to}
    names = await called(visitor, people, {one.place_id for one in items})
    return requests, [_row(visitor, one, names) for one in items]


def _row(visitor: Visitor, request: RequestView, names: Called) -> Row:
    place = names.places.get(request.place_id)
    takers = [work.taker for work in request.work]
    if not takers and request.offered_to and request.status == "dispatched":
        takers = [request.offered_to]
    return Row(
        request=request,
        place=place.title if place else "",
        grid=(place.grid_title if place else None) or "",
        requester=masked(names.names.get(request.requester_id, "") if request.requester_id else ""),
        takers=[_taker(one.kind, names.names.get(one.id, "")) for one in takers],
        remaining=remaining(request, visitor.gettext, visitor.ngettext, clock.now()),
    )


def _taker(kind: str, name: str) -> str:
    return name if kind == "organisation" else masked(name)
