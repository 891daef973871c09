"""The pages of an operator: many communities, and the health of the platform."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.operator import communities, letters, overview, services
from services.console.pages.parts.navigation import OPERATORS

__all__ = ["router"]

router = APIRouter(dependencies=[Depends(only(OPERATORS))])
for screens in (overview, communities, services, letters):
    router.include_router(screens.router)
