"""Paper slips: printed by who is signed in, followed by who holds one."""

from fastapi import APIRouter, Depends

from services.console.pages.access import only
from services.console.pages.slips import following, printing
from shared.permissions import EVERY_MEMBER

__all__ = ["router"]

router = APIRouter()
router.include_router(
    printing.router, prefix="/in/{community}", dependencies=[Depends(only(EVERY_MEMBER))]
)
router.include_router(following.router)
