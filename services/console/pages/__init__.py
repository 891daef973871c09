"""The pages: what the browser sends comes in here, HTML goes out."""

from fastapi import APIRouter, Depends

from services.console.pages import (
    assets,
    desk,
    grid,
    health,
    inbox,
    invitation,
    live,
    me,
    my_data,
    operator,
    register,
    resident,
    shell,
    sign_in,
    slips,
    volunteer,
)
from services.console.pages.access import our_form
from services.console.pages.errors import add_error_pages, form_refused
from services.console.pages.headers import SafeHeaders
from services.console.pages.limits import MOST_FORMS_BYTES, limit_of
from services.console.pages.live import Screens
from services.console.pages.session import Renewals
from services.console.pages.titles import Titles

__all__ = [
    "MOST_FORMS_BYTES",
    "Renewals",
    "SafeHeaders",
    "Screens",
    "Titles",
    "add_error_pages",
    "form_refused",
    "limit_of",
    "router",
]

router = APIRouter(dependencies=[Depends(our_form)])
"""Every form, whichever page takes it, has shown that it is ours."""

for group in (
    health,
    assets,
    shell,
    sign_in,
    invitation,
    me,
    my_data,
    inbox,
    live,
    operator,
    resident,
    volunteer,
    grid,
    desk,
    slips,
    register,
):
    router.include_router(group.router)
