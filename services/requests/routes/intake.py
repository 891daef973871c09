"""From asking to the need list."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status

from services.requests import actions
from services.requests.permissions import may
from services.requests.routes.views import (
    Asking,
    Dispatching,
    Listing,
    OnTheSpot,
    Reason,
    RequestView,
)
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.permissions import STAFF

__all__ = ["router"]

router = APIRouter(prefix="/requests", route_class=Door)


def change_by(caller: Caller, community: str, request_id: UUID, edition: Edition) -> actions.Change:
    """Who changes what, and the version they have seen."""
    return actions.Change(
        community,
        request_id,
        caller.person_id,
        is_staff=bool(caller.roles_in(community) & STAFF),
        expected=edition.expected,
    )


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
    community: CommunityPath,
    request_id: UUID,
    caller: Annotated[Caller, may("register")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Take the request in (立案)."""
    change = change_by(caller, community, request_id, edition)
    return edition.told(RequestView.of(await actions.register(tx, change), caller))


@router.post("/{request_id}/reject")
async def reject(
    community: CommunityPath,
    request_id: UUID,
    refusal: Reason,
    caller: Annotated[Caller, may("reject")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Refuse the request, with a reason."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.reject(tx, change, reason=refusal.reason)
    return edition.told(RequestView.of(request, caller))


@router.post("/{request_id}/list")
async def put_on_list(
    community: CommunityPath,
    request_id: UUID,
    listing: Listing,
    caller: Annotated[Caller, may("list")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Publish the request on the need list, for anybody to claim."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.put_on_list(tx, change, takers_wanted=listing.takers_wanted)
    return edition.told(RequestView.of(request, caller))


@router.post("/{request_id}/dispatch")
async def dispatch(
    community: CommunityPath,
    request_id: UUID,
    dispatching: Dispatching,
    caller: Annotated[Caller, may("dispatch")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Offer the request to a named person or organisation (派单)."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.dispatch(tx, change, taker=dispatching.taker)
    return edition.told(RequestView.of(request, caller))


@router.post("/{request_id}/cancel")
async def cancel(
    community: CommunityPath,
    request_id: UUID,
    cancelling: Reason,
    caller: Annotated[Caller, may("cancel")],
    tx: Tx,
    edition: Edition,
) -> RequestView:
    """Withdraw the request (撤单)."""
    change = change_by(caller, community, request_id, edition)
    request = await actions.cancel(tx, change, reason=cancelling.reason)
    return edition.told(RequestView.of(request, caller))


def _asking(asking: Asking, caller: Caller) -> actions.Asking:
    return actions.Asking(
        asking.category,
        asking.description,
        asking.place_id,
        asking.requester_id or caller.person_id,
    )
