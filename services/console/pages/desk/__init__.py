"""The staff desk: what is to be done, by whom, until when; and who is on the phone."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.desk import intake, requests, steps
from services.console.pages.parts.navigation import COORDINATORS

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(COORDINATORS))])
router.include_router(requests.router)
router.include_router(steps.router)
router.include_router(intake.router)
