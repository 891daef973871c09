"""What the people, organisations and places of a page are called, all asked for at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Final
from uuid import UUID

from services.console.clients.models.directory import NamesWanted, NameView, PlaceTitleView
from services.console.pages.parts.part import Part, part
from services.console.pages.visitor import Visitor

__all__ = ["Called", "called", "masked"]

AT_ONCE: Final = 100
"""As many ids as the directory takes in one call."""


@dataclass(frozen=True, slots=True)
class Called:
    """Names and titles by id; whoever is unknown, or cannot be had now, is not in them."""

    names: Mapping[UUID, str] = field(default_factory=dict[UUID, str])
    """Of people and organisations."""
    places: Mapping[UUID, PlaceTitleView] = field(default_factory=dict[UUID, PlaceTitleView])
    is_whole: bool = True
    """Whether the directory answered."""


async def called(
    visitor: Visitor, who: Iterable[UUID | None], where: Iterable[UUID | None] = ()
) -> Called:
    """The names of `who` and the titles of `where`: two calls for a page of fifty."""
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    names, places = await asyncio.gather(
        _each(who, lambda ids: directory.get_names(caller, community, NamesWanted(ids=list(ids)))),
        _each(where, lambda ids: directory.list_titles(caller, community, ids=list(ids))),
    )
    return Called(
        {one.id: one.name for found in names for one in found.value or ()},
        {one.id: one for found in places for one in found.value or ()},
        all(found.is_there for found in [*names, *places]),
    )


async def _each[T: (NameView, PlaceTitleView)](
    ids: Iterable[UUID | None], ask: Callable[[Sequence[UUID]], Awaitable[list[T]]]
) -> Sequence[Part[list[T]]]:
    wanted = sorted({one for one in ids if one is not None})
    return await asyncio.gather(
        *(part(ask(some)) for some in batched(wanted, AT_ONCE, strict=False))
    )


def masked(name: str) -> str:
    """张*: enough for a list that anybody at the desk can read."""
    return f"{name[:1]}*" if name else ""
