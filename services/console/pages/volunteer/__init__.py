"""The pages of whoever helps: open tasks, my tasks, what they earned."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.parts.navigation import HELPERS
from services.console.pages.volunteer import tasks

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(HELPERS))])
router.include_router(tasks.router)
