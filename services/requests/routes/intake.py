"""From asking to the need list."""

from typing import Annotated

from fastapi import APIRouter, Body, status

from services.requests import actions
from services.requests.permissions import may
from services.requests.routes.stepping import Step, stepping
from services.requests.routes.views import (
    Asking,
    Dispatching,
    Listing,
    Noting,
    OnTheSpot,
    Reason,
    Registering,
    RequestView,
)
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(prefix="/requests", route_class=Door)


@router.post("", status_code=status.HTTP_201_CREATED)
async def submit(
    community: CommunityPath,
    asking: Asking,
    caller: Annotated[Caller, may("submit")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Ask for help (点单)."""
    request = await actions.submit(tx, community, _asking(asking, caller), by=caller.person_id)
    return edition.told(RequestView.of(request, caller))


@router.post("/on-the-spot", status_code=status.HTTP_201_CREATED)
async def settle_on_the_spot(
    community: CommunityPath,
    settled: OnTheSpot,
    caller: Annotated[Caller, may("settle on the spot")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Record a small thing that is settled already (即办); it earns no points."""
    request = await actions.settle_on_the_spot(
        tx,
        community,
        _asking(settled, caller),
        by=caller.person_id,
        service_minutes=settled.service_minutes,
        spoken_word=settled.spoken_word,
    )
    return edition.told(RequestView.of(request, caller))


@router.post("/{request_id}/register")
async def register(
    step: Annotated[Step, stepping("register")],
    tx: Tx,
    registering: Annotated[Registering | None, Body()] = None,
) -> RequestView:
    """Take the request in (立案), as another category where it was filed as a wrong one."""
    category = registering.category if registering else None
    return step.told(await actions.register(tx, step.change, category=category))


@router.post("/{request_id}/reject")
async def reject(step: Annotated[Step, stepping("reject")], refusal: Reason, tx: Tx) -> RequestView:
    """Refuse the request, with a reason."""
    return step.told(await actions.reject(tx, step.change, reason=refusal.reason))


@router.post("/{request_id}/list")
async def put_on_list(
    step: Annotated[Step, stepping("list")], listing: Listing, tx: Tx
) -> RequestView:
    """Publish the request on the need list, for anybody to claim."""
    return step.told(
        await actions.put_on_list(tx, step.change, takers_wanted=listing.takers_wanted)
    )


@router.post("/{request_id}/dispatch")
async def dispatch(
    step: Annotated[Step, stepping("dispatch")], dispatching: Dispatching, tx: Tx
) -> RequestView:
    """Offer the request to a named person or organisation (派单)."""
    return step.told(await actions.dispatch(tx, step.change, taker=dispatching.taker))


@router.post("/{request_id}/notes")
async def note(step: Annotated[Step, stepping("note")], noting: Noting, tx: Tx) -> RequestView:
    """Write down what only staff read; nothing moves, and nobody is told."""
    return step.told(await actions.note(tx, step.change, words=noting.words))


@router.post("/{request_id}/cancel")
async def cancel(
    step: Annotated[Step, stepping("cancel")], cancelling: Reason, tx: Tx
) -> RequestView:
    """Withdraw the request (撤单)."""
    return step.told(await actions.cancel(tx, step.change, reason=cancelling.reason))


def _asking(asking: Asking, caller: Caller) -> actions.Asking:
    return actions.Asking(
        asking.category,
        asking.description,
        asking.place_id,
        asking.requester_id or caller.person_id,
        asking.note,
    )
