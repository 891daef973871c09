"""My grid: which one it is, its buildings, and what they are called."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from uuid import UUID

from services.console.clients.models.directory import MyGridView, PlaceView
from services.console.pages.parts.part import Part, part
from services.console.pages.visitor import Visitor

__all__ = ["Mine", "my_grid"]


class Mine:
    """The grid of whoever looks, as far as it can be had."""

    def __init__(self, found: Part[MyGridView]) -> None:
        """Take what the directory said."""
        self.part = found

    @property
    def id(self) -> UUID | None:
        """The grid's id."""
        return self.part.value.grid.id if self.part.value else None

    @property
    def title(self) -> str:
        """What the grid is called."""
        return self.part.value.grid.title if self.part.value else ""

    @cached_property
    def buildings(self) -> Sequence[tuple[UUID, str]]:
        """Ids and titles, in the order of their compounds."""
        return [(one.id, self.titles[one.id]) for one in self._places if one.kind == "building"]

    @cached_property
    def titles(self) -> Mapping[UUID, str]:
        """What each place is called, beginning with its compound: "文化路1号院 1栋"."""
        titles = {one.id: one.title for one in self._places}
        if self.part.value:
            titles[self.part.value.grid.id] = self.part.value.grid.title
        compounds = {one.id: one.title for one in self._places if one.kind == "compound"}
        for one in self._places:
            if one.parent_id and one.parent_id in compounds:
                titles[one.id] = f"{compounds[one.parent_id]} {one.title}"
        return titles

    def building(self, named: str) -> UUID | None:
        """The building of my grid that has this id."""
        return next((one for one, _ in self.buildings if str(one) == named), None)

    @property
    def _places(self) -> Sequence[PlaceView]:
        return self.part.value.places if self.part.value else ()


async def my_grid(visitor: Visitor) -> Mine:
    """The visitor's grid; a grid worker who has none yet is told so."""
    ask = visitor.services.directory.get_my_grid
    return Mine(await part(ask(visitor.caller, visitor.community)))
