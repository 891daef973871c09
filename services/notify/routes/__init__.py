"""In by HTTP: translate, one action, answer."""

from fastapi import APIRouter

from services.notify.permissions import may
from services.notify.routes import inbox, made, stream
from shared import arrivals

__all__ = ["router"]

router = APIRouter()
router.include_router(stream.router, tags=["inbox"])
router.include_router(inbox.router, tags=["inbox"])
router.include_router(made.router, prefix="/{community}", tags=["notices"])
router.include_router(
    arrivals.router(may("see what has arrived")), prefix="/{community}", tags=["health"]
)
