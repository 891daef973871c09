"""What people are called on a page, asked for all at once."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from services.console.clients.models.directory import NamesWanted
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

__all__ = ["names_of"]

MOST: Final = 100


async def names_of(visitor: Visitor, people: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """Names by id, as the visitor may see them (张*); without those that cannot be had now."""
    wanted = sorted({one for one in people if one})[:MOST]
    if not wanted:
        return {}
    ask = visitor.services.directory.get_names
    found = await part(ask(visitor.caller, visitor.community, NamesWanted(ids=wanted)))
    return {one.id: one.name for one in found.value or ()}
