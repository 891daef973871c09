"""The pages of the register (名册): who belongs to the community, its places, and their map."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.parts.navigation import REGISTER
from services.console.pages.register import imports, map, people, person, places  # noqa: A004

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(REGISTER))])
for screens in (map, imports, people, person, places):
    router.include_router(screens.router)
