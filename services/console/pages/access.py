"""Who may open a page, and which forms are taken. Both are decided here, for every page."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from services.console.clients import Refused
from services.console.pages.visitor import Visiting, Visitor

__all__ = ["NotOurs", "SignInFirst", "SignedIn", "only", "our_form"]

_SLUG: Final = re.compile(r"[a-z0-9-]{1,40}")


class NotOurs(Exception):  # noqa: N818 - a word for the page, as the one below
    """A form that did not come from our page in this browser. Nothing was done."""


class SignInFirst(Exception):  # noqa: N818 - see above
    """The page is for somebody who is signed in."""


async def our_form(request: Request, visitor: Visiting) -> None:
    """Take no form but ours: no other site knows the cookie's value. Raises NotOurs."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    form = await request.form()
    sent = str(form.get("form_token", "")).encode()
    expected = visitor.brought_token.encode()
    if not expected or not secrets.compare_digest(sent, expected) or _is_foreign(request):
        raise NotOurs
    visitor.once = str(form.get("once") or visitor.once)


async def _signed_in(visitor: Visiting) -> Visitor:
    try:
        await visitor.renew()
    except Refused:
        visitor.session = None
    if visitor.who is None:
        raise SignInFirst
    place = visitor.place if visitor.roles else ""
    asked = [visitor.titles.learn(visitor.who.memberships, place, visitor.caller)]
    if visitor.wants_page and visitor.place:
        asked.append(visitor.count_unread())
    await asyncio.gather(*asked)
    return visitor


SignedIn = Annotated[Visitor, Depends(_signed_in)]
"""Whoever is signed in; everybody else is shown the sign-in form, and then this page."""


def only(roles: AbstractSet[str]) -> Callable[[Request, Visitor], Awaitable[None]]:
    """The dependency of pages for these roles. Everybody else is told that there is no such page.

    It hides what would be refused: the services decide, at every call.
    """

    async def check(request: Request, visitor: SignedIn) -> None:
        is_somewhere = _SLUG.fullmatch(request.path_params.get("community", "-"))
        if not (is_somewhere and visitor.roles & roles):
            raise HTTPException(404)

    return check


def _is_foreign(request: Request) -> bool:
    """Whether the browser names another site as the form's. The scheme is the edge's business."""
    origin = request.headers.get("origin")
    if origin is None:
        return False  # some browsers name none; the token decides
    try:
        return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    except ValueError:
        return True
