"""In by HTTP: translate, one action, answer."""

from fastapi import APIRouter

from services.points.permissions import may
from services.points.routes import accounts, rules
from shared import arrivals

__all__ = ["router"]

router = APIRouter(prefix="/{community}")
router.include_router(accounts.router, tags=["accounts"])
router.include_router(rules.router, tags=["rules"])
router.include_router(arrivals.router(may("see what has arrived")), tags=["health"])
