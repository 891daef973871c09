"""Filing on one page: for a phone that keeps the form, and has no network between three steps."""

import asyncio
from typing import Any

from fastapi import Response

from services.console.pages.parts.categories import category_titles
from services.console.pages.parts.forms import FormSent
from services.console.pages.parts.part import part
from services.console.pages.parts.places import everywhere
from services.console.pages.visitor import Visitor

__all__ = ["at_once_page"]


async def at_once_page(
    visitor: Visitor, sent: FormSent, status: int = 200, **context: Any
) -> Response:
    """The form, as far as it was filled in; it says nothing of whoever opens it."""
    catalogue, places = await asyncio.gather(
        part(visitor.services.requests.get_catalogue(visitor.caller, visitor.community)),
        part(everywhere(visitor)),
    )
    return visitor.page(
        "resident/at_once.html",
        status,
        catalogue=catalogue,
        kinds=list(category_titles(visitor, catalogue.value, active=True).items()),
        places=places,
        sent=sent,
        **context,
    )
