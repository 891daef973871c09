"""`/known`: how much of a community the directory has told this service about."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from shared import neighbourhood
from shared.door import Door, Tx
from shared.fields import CommunityPath

__all__ = ["router"]


class KnownView(BaseModel):
    """Counts of what has arrived from the directory."""

    communities: int
    places: int
    organisations: int
    memberships: int


def router(permission: Any) -> APIRouter:
    """The route, for those whom `permission` lets in."""
    routes = APIRouter(route_class=Door)

    @routes.get("/known", dependencies=[permission])
    async def known(community: CommunityPath, tx: Tx) -> KnownView:
        """How much of the community this service knows; it grows as events arrive."""
        arrived = await neighbourhood.known(tx, community)
        return KnownView.model_validate(arrived, from_attributes=True)

    return routes
