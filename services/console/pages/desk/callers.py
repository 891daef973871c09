"""Who may be on the phone, and which place they may mean: found while somebody types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.console.clients.models.directory import PersonView, PlaceTitleView
from services.console.pages.parts.called import called
from services.console.pages.parts.part import Part, part
from services.console.pages.visitor import Visitor

__all__ = ["Offer", "home_of", "people_offered", "places_offered"]

SHOWN: Final = 6
ASKED: Final = frozenset({"community", "grid", "micro_grid", "compound", "building"})
"""What a request can be about; who lives in a household asks for its building."""


@dataclass(frozen=True, slots=True)
class Offer[T]:
    """What was found for some words; `words` empty: nothing was looked for."""

    words: str = ""
    found: Part[Sequence[T]] = field(default_factory=lambda: Part[Sequence[T]](()))
    homes: Mapping[UUID, PlaceTitleView] = field(default_factory=dict[UUID, PlaceTitleView])
    """Of the people found, by the id of their place."""

    @property
    def items(self) -> Sequence[T]:
        """What was found; nothing where the directory is down."""
        return self.found.value or ()


async def people_offered(visitor: Visitor, words: str) -> Offer[PersonView]:
    """Members with this name, this phone, or a phone that ends so; and where they live."""
    if not words:
        return Offer()
    found = await part(_people(visitor, words))
    places = {one.place_id for one in found.value or ()}
    homes = (await called(visitor, (), places)).places
    return Offer(words, found, homes)


async def places_offered(visitor: Visitor, words: str) -> Offer[PlaceTitleView]:
    """Places down to the building in whose title these words stand."""
    if not words:
        return Offer()
    ask = visitor.services.directory.list_titles
    found = await part(ask(visitor.caller, visitor.community, q=words, limit=SHOWN))
    return Offer(words, Part[Sequence[PlaceTitleView]](found.value, found.refused))


def home_of(person: PersonView | None, offer: Offer[PersonView]) -> UUID | None:
    """The place that a request of this person is about, as far as it is known."""
    home = offer.homes.get(person.place_id) if person and person.place_id else None
    if home is None:
        return None
    return home.id if home.kind in ASKED else home.building_id


async def _people(visitor: Visitor, words: str) -> Sequence[PersonView]:
    ask = visitor.services.directory.list_people
    return (await ask(visitor.caller, visitor.community, q=words, limit=SHOWN)).items
