"""In by HTTP: translate, one action, answer."""

from fastapi import APIRouter

from services.requests.permissions import may
from services.requests.routes import (
    catalogue,
    figures,
    follow_up,
    intake,
    live,
    outcome,
    photos,
    reading,
)
from shared import arrivals

__all__ = ["router"]

community = APIRouter(prefix="/{community}")
community.include_router(catalogue.router, tags=["catalogue"])
community.include_router(live.router, tags=["requests"])
community.include_router(reading.router, tags=["requests"])
community.include_router(intake.router, tags=["requests"])
community.include_router(outcome.router, tags=["requests"])
community.include_router(photos.router, tags=["photos"])
community.include_router(figures.router, tags=["figures"])
community.include_router(arrivals.router(may("see what has arrived")), tags=["health"])

router = APIRouter()
router.include_router(figures.platform, tags=["figures"])
router.include_router(community)
# Last, so that a community of the name "follow-up" has its addresses: none is like a code.
router.include_router(follow_up.router, tags=["follow-up"])
