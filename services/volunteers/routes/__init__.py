"""In by HTTP: translate, one action, answer."""

from fastapi import APIRouter

from services.volunteers.permissions import may
from services.volunteers.routes import candidates, hours, live, photos, tasks, teams, volunteers
from shared import arrivals

__all__ = ["router"]

router = APIRouter(prefix="/{community}")
router.include_router(tasks.router, tags=["tasks"])
router.include_router(live.router, tags=["tasks"])
router.include_router(photos.router, tags=["photos"])
router.include_router(volunteers.router, tags=["volunteers"])
router.include_router(candidates.router, tags=["volunteers"])
router.include_router(teams.router, tags=["teams"])
router.include_router(hours.router, tags=["hours"])
router.include_router(arrivals.router(may("see what has arrived")), tags=["health"])
