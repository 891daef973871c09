"""What somebody is in the community: their roles, and the organisations that they act for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from services.console.clients.models.directory import OrganisationView
from services.console.pages.parts import words
from services.console.pages.parts.called import called
from services.console.pages.parts.forms import FormSent
from services.console.pages.parts.part import Part, part
from services.console.pages.visitor import Visitor

__all__ = ["CODES", "FIELDS", "Offer", "StandingForm", "offered"]

MOST: Final = 100
MOST_PAGES: Final = 5

FIELDS: Final = {"roles": "roles", "organisation_ids": "organisation_ids"}
CODES: Final = {"trusted-role": "roles"}
"""Refusals that are about the roles as a whole."""

type Options = Sequence[tuple[str, str]]


class StandingForm(FormSent):
    """Roles and organisations, as they were ticked."""

    roles: list[str] = Field(default_factory=list[str])
    organisation_ids: list[str] = Field(default_factory=list[str])

    def terms(self) -> dict[str, Any]:
        """For the directory, which takes each once."""
        return {"roles": sorted(set(self.roles)), "organisation_ids": self.organisation_ids}


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be ticked: values and words."""

    roles: Part[Options]
    """Those that the visitor may give."""
    organisations: Part[Options]


async def offered(visitor: Visitor, held: Collection[UUID] = ()) -> Offer:
    """What there is to choose from; the organisations that are `held` are always in it."""
    roles = await part(
        visitor.services.directory.list_grantable_roles(visitor.caller, visitor.community)
    )
    told = [(one, visitor.gettext(words.ROLES[one])) for one in roles.value or ()]
    organisations = await part(_organisations(visitor, held))
    return Offer(Part[Options](told if roles.is_there else None, roles.refused), organisations)


async def _organisations(visitor: Visitor, held: Collection[UUID]) -> Options:
    """By title; of a community with more than 500 the latest."""
    ask = visitor.services.directory.list_organisations
    found: list[OrganisationView] = []
    after = None
    for _ in range(MOST_PAGES):
        page = await ask(visitor.caller, visitor.community, after=after, limit=MOST)
        found += page.items
        after = page.next
        if after is None:
            break
    titles = {str(one.id): one.title for one in found}
    others = (await called(visitor, [one for one in held if str(one) not in titles])).names
    titles |= {str(one): title for one, title in others.items()}
    return sorted(titles.items(), key=lambda one: one[1])
