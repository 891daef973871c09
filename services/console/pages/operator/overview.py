"""The communities of the platform, and how its services are."""

import asyncio

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()


@router.get("/operator")
async def overview(visitor: SignedIn) -> Response:
    """Every community, and the health of each service."""
    services = visitor.services
    communities, health = await asyncio.gather(
        part(services.directory.list_communities(visitor.caller)), services.connection.health()
    )
    return visitor.page(
        "operator/overview.html",
        communities=communities,
        health=health,
    )
