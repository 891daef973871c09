"""The staff desk: what is to be done, by whom, until when."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.desk import requests
from services.console.pages.parts.navigation import COORDINATORS

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(COORDINATORS))])
router.include_router(requests.router)
