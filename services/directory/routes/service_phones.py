"""Duty lines: whom to call."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.doors import WideTx
from services.directory.routes.views.neighbourhood import PlaceView
from services.directory.routes.views.service_phones import ServicePhoneTerms, ServicePhoneView
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(route_class=Door)


@router.put("/places/{place_id}/service-phone", dependencies=[may("change service phones")])
async def put_service_phone(
    community: CommunityPath, place_id: UUID, terms: ServicePhoneTerms, tx: Tx, edition: Edition
) -> PlaceView:
    """Say the number of the community's or a grid's duty line, or take it away.

    It is public. Other services never hear of it.
    """
    place = await actions.give_service_phone(
        tx, community, place_id, terms.phone, expected=edition.expected
    )
    grids = await store.grids_of(tx, community, [place.id])
    return edition.told(PlaceView.of(place, grids.get(place.id)))


@router.get("/service-phone", dependencies=[may.anybody()])
async def get_service_phone(community: CommunityPath, tx: WideTx) -> ServicePhoneView:
    """The community's own line, for whoever holds a paper slip: it is public, as on a notice board.

    404 alike where there is no number and where there is no such community.
    """
    return ServicePhoneView.of(await actions.service_phone_of_community(tx, community))


@router.get("/my-service-phone")
async def get_my_service_phone(
    community: CommunityPath, caller: Annotated[Caller, may("see places")], tx: Tx
) -> ServicePhoneView:
    """The line that answers for where the caller lives or works: the grid's, else the community's.

    404 where neither has one.
    """
    return ServicePhoneView.of(
        await actions.service_phone_of_member(tx, community, caller.person_id)
    )
