"""The pages of a grid worker: what is going on in my grid."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.grid import requests
from services.console.pages.parts.navigation import GRID

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(GRID))])
router.include_router(requests.router)
