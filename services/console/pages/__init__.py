"""The pages: what the browser sends comes in here, HTML goes out."""

from fastapi import APIRouter

from services.console.pages import health, home
from services.console.pages.errors import add_error_pages
from services.console.pages.headers import SafeHeaders
from services.console.pages.session import Renewals

__all__ = ["Renewals", "SafeHeaders", "add_error_pages", "router"]

router = APIRouter()
router.include_router(health.router)
router.include_router(home.router)
