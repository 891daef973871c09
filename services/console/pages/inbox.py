"""The visitor's notices, in all their communities."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.notify import NoticeView, ReadUpTo
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

__all__ = ["about", "router"]

router = APIRouter(prefix="/inbox")

SHOWN = 20

ADMITTED: Final = "volunteer_admitted"
TASKS = frozenset({"request_dispatched"})
"""Kinds for those who are to help: they cannot open the request before they take it."""


class Seen(FormSent):
    """The newest notice of the list that was read."""

    up_to: UUID


@router.get("")
async def inbox(visitor: SignedIn, after: UUID | None = None) -> Response:
    """Notices, newest first."""
    return await _inbox(visitor, after)


@router.post("")
async def read_all(visitor: SignedIn, sent: Annotated[Seen, Form()]) -> Response:
    """Mark what the list shows, and everything before it, as read."""
    ask = visitor.services.notify.read_up_to
    try:
        await ask(visitor.caller, ReadUpTo(up_to=sent.up_to))  # doing it again changes nothing
    except (Refused, TooMany, Unavailable) as problem:
        return await _inbox(visitor, None, problem)
    return visitor.go_on("/inbox")


@router.get("/{notice_id}")
async def back_to_inbox(visitor: SignedIn, notice_id: UUID) -> Response:  # noqa: ARG001 - its address
    """A notice is opened by its button."""
    return visitor.go_on("/inbox")


@router.post("/{notice_id}")
async def open_notice(visitor: SignedIn, notice_id: UUID) -> Response:
    """Mark a notice as read, and go where it leads."""
    ask = visitor.services.notify.read_notice
    try:
        notice = await ask(visitor.caller, notice_id)
    except (Refused, TooMany, Unavailable) as problem:
        return await _inbox(visitor, None, problem)
    if notice.kind == ADMITTED:
        await visitor.learn_roles()
    return visitor.go_on(about(notice))


def about(notice: NoticeView) -> str:
    """The page that a notice is about."""
    if notice.kind == ADMITTED:
        where = "volunteering"
    else:
        where = "tasks" if notice.kind in TASKS else f"requests/{notice.request_id}"
    return f"/in/{notice.community}/{where}"


async def _inbox(
    visitor: Visitor, after: UUID | None, problem: Refused | TooMany | Unavailable | None = None
) -> Response:
    found = await part(visitor.services.notify.list_inbox(visitor.caller, after=after, limit=SHOWN))
    refused = refusal(problem, visitor, {}) if problem else None
    return visitor.page(
        "inbox.html",
        refused.status if refused else 200,
        headers=refused.headers if refused else None,
        remarks=refused.remarks if refused else {},
        notices=found,
        about=about,
        is_first=after is None,
    )
