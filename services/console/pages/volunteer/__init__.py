"""The pages of whoever helps: open tasks, my tasks, what they earned."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.parts.navigation import HELPERS
from services.console.pages.volunteer import board, mine, photos, points, steps, task

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(HELPERS))])
for page in (board, mine, points, task, photos, steps):
    router.include_router(page.router, prefix="/tasks")
