"""The pages of a resident: ask for something, follow it, say how it went."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.resident import (
    filing,
    home,
    outcome,
    photos,
    requests,
    volunteering,
)
from shared.permissions import EVERY_MEMBER

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}", dependencies=[Depends(only(EVERY_MEMBER))])
for page in (home, filing, requests, outcome, photos, volunteering):
    router.include_router(page.router)
