"""What callers send and see of notices."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from pydantic import BaseModel, Field

from services.notify import domain
from services.notify.domain import Kind
from services.notify.permissions import may
from services.notify.store import InboxNotice, Made, Reader
from shared.events.directory import Language
from shared.fields import Payload
from shared.identity import Caller
from shared.languages import prefers_english

__all__ = [
    "Asked",
    "MadeView",
    "NoticeView",
    "Owner",
    "ReadUpTo",
    "UnreadView",
    "reader_of",
]

Owner = Annotated[Caller, may.signed_in()]
"""Whoever is signed in: the inbox is the caller's own."""


async def _asked_language(accept_language: Annotated[str | None, Header()] = None) -> Language:
    return "en" if prefers_english(accept_language or "") else "zh-CN"


Asked = Annotated[Language, Depends(_asked_language)]
"""The language of the browser; the person's own setting goes before it."""


def reader_of(caller: Caller) -> Reader:
    """The inbox of the caller, over the communities of the token."""
    return Reader(caller.person_id, tuple(sorted(caller.memberships)))


class ReadUpTo(Payload):
    """What was seen: a notice and everything before it."""

    up_to: UUID = Field(description="The newest notice that was seen.")


class UnreadView(BaseModel):
    """How many notices are unread."""

    count: int


class NoticeView(BaseModel):
    """A notice in its recipient's language."""

    id: UUID
    kind: Kind
    language: Language = Field(description="Of title and body.")
    title: str = Field(examples=["请确认结果"])
    body: str = Field(examples=["您的诉求 WH-2026-000153 已办好。请确认是否解决，并评价。"])
    request_id: UUID | None = Field(description="Null: it is about no request.")
    community: str
    number: str | None = Field(description="The request's; null: not heard of yet, or none.")
    occurred_at: datetime
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, notice: InboxNotice, asked: Language) -> "NoticeView":
        """The view of a notice, in the language of the person, else in the one asked for."""
        language = notice.language or asked
        text = domain.render(notice.kind, language, number=notice.number, details=notice.details)
        return cls(
            id=notice.id,
            kind=notice.kind,
            language=language,
            title=text.title,
            body=text.body,
            request_id=notice.request_id,
            community=notice.community,
            number=notice.number,
            occurred_at=notice.occurred_at,
            created_at=notice.created_at,
            read_at=notice.read_at,
        )


class MadeView(BaseModel):
    """Which notice an event made for whom; nothing of what it says."""

    id: UUID
    event_id: UUID
    recipient_id: UUID
    channel: str
    kind: Kind
    request_id: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, made: Made) -> "MadeView":
        """The view of a made notice."""
        return cls.model_validate(made, from_attributes=True)
