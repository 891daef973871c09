"""A person's own inbox, in all communities: read it, count it, mark it as read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from services.notify import actions, store
from services.notify.routes.views import (
    Asked,
    NoticeView,
    Owner,
    ReadUpTo,
    UnreadView,
    reader_of,
)
from shared.door import Door, Tx
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(prefix="/inbox", route_class=Door)


class Filters(PageQuery):
    """Which notices."""

    unread: bool = Field(default=False, description="Only those that are unread.")


@router.get("")
async def list_inbox(
    owner: Owner, tx: Tx, asked: Asked, filters: Annotated[Filters, Query()]
) -> Page[NoticeView]:
    """My notices, newest first, in my language."""
    found = await store.inbox(
        tx,
        reader_of(owner),
        only_unread=filters.unread,
        after=filters.after,
        limit=filters.limit,
    )
    views = [NoticeView.of(one, asked) for one in found]
    return Page[NoticeView].of(views, [one.id for one in found], filters.limit)


@router.get("/unread")
async def count_unread(owner: Owner, tx: Tx) -> UnreadView:
    """How many of my notices are unread."""
    return UnreadView(count=await store.unread(tx, reader_of(owner)))


@router.post("/read")
async def read_up_to(owner: Owner, tx: Tx, seen: ReadUpTo) -> UnreadView:
    """Mark a notice and everything before it as read; how many are unread still."""
    return UnreadView(count=await actions.read_up_to(tx, reader_of(owner), seen.up_to))


@router.post("/{notice_id}/read")
async def read_notice(owner: Owner, tx: Tx, asked: Asked, notice_id: UUID) -> NoticeView:
    """Mark one of my notices as read; doing it again changes nothing."""
    return NoticeView.of(await actions.read_one(tx, reader_of(owner), notice_id), asked)
