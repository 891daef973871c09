"""In by HTTP: translate, one action, answer."""

from fastapi import APIRouter

from services.requests.permissions import may
from services.requests.routes import catalogue, intake, outcome, photos, reading
from shared import arrivals

__all__ = ["router"]

router = APIRouter(prefix="/{community}")
router.include_router(catalogue.router, tags=["catalogue"])
router.include_router(reading.router, tags=["requests"])
router.include_router(intake.router, tags=["requests"])
router.include_router(outcome.router, tags=["requests"])
router.include_router(photos.router, tags=["photos"])
router.include_router(arrivals.router(may("see what has arrived")), tags=["health"])
