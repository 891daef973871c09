"""The pages of a grid worker: what is going on in my grid, who lives there, what I did there."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.grid import households, on_the_spot, phones, requests, visits
from services.console.pages.parts.navigation import GRID
from shared.permissions import Role

__all__ = ["router"]

_WORKER = [Depends(only({Role.GRID_WORKER}))]

router = APIRouter(prefix="/in/{community}")
router.include_router(requests.router, dependencies=[Depends(only(GRID))])
for page in (on_the_spot, visits, phones, households):
    router.include_router(page.router, prefix="/grid", dependencies=_WORKER)
