"""Pages of a list: newest first, by id, because ids are ordered by time."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

__all__ = [
    "Page",
    "PageOf",
    "PageQuery",
]


class PageQuery(BaseModel):
    """Which page of a list is wanted."""

    after: UUID | None = Field(default=None, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=100, description="How many at most.")


class Page[T](BaseModel):
    """A page of a list, and where the next one begins."""

    items: list[T]
    next: UUID | None = Field(description="Give it as `after`; null: this is the last page.")

    @classmethod
    def of(cls, rows: list[T], ids: list[UUID], limit: int) -> "Page[T]":
        """The first `limit` of `rows`, which the store read one more of to know what follows."""
        return cls(items=rows[:limit], next=ids[limit - 1] if len(rows) > limit else None)


PageOf = Annotated[PageQuery, Query()]
