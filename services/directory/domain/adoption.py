"""How an entity comes back from what was told of it, after an older database was restored.

What is told is the newer truth and wins: roles that were taken away stay away. What is never told
is lost: names and phones of people who came later, codes of places and organisations, the newest
boundaries and service phones.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from services.directory.domain.community import Community
from services.directory.domain.key import PublicKey
from services.directory.domain.organisation import Organisation
from services.directory.domain.person import Membership, Person
from services.directory.domain.place import Place
from shared.events import (
    CommunityChanged,
    MembershipChanged,
    OrganisationChanged,
    PersonChanged,
    PlaceChanged,
    SigningKeyChanged,
)
from shared.events.directory import StateEvent

type Entity = Community | Place | Organisation | Person | Membership | PublicKey

LOST_NAME: Final = "姓名待补"

_GONE: Final[Mapping[type[StateEvent], dict[str, Any]]] = {
    PersonChanged: {"name": "", "phone": None, "login_name": None, "platform_roles": ()},
    MembershipChanged: {"place_id": None},
}
"""What a tombstone takes away beside what it tells."""


def adopt(present: Entity | None, told: StateEvent, roots: Mapping[str, UUID]) -> Entity:
    """The entity as it was told last; `roots` are the root places of communities."""
    entity = present or _lost(told, roots)
    changes = told.model_dump(include={*entity.__slots__} - {"community"})
    if told.removed:
        changes |= _GONE.get(type(told), {})
    return replace(entity, **changes)


def _lost(told: StateEvent, roots: Mapping[str, UUID]) -> Entity:
    """What is left of an entity that the directory does not know any more."""
    match told:
        case CommunityChanged():
            return Community(told.slug, told.title, told.prefix, roots[told.slug])
        case PlaceChanged():
            code = str(told.place_id)
            return Place(told.community, told.place_id, told.kind, told.parent_id, told.title, code)
        case OrganisationChanged():
            code = str(told.organisation_id)
            return Organisation(told.community, told.organisation_id, told.kind, told.title, code)
        case PersonChanged():
            return Person(told.person_id, LOST_NAME, language=told.language)
        case MembershipChanged():
            return Membership(told.community, told.person_id, told.roles)
        case SigningKeyChanged():
            return PublicKey(told.key_id, told.public_key)
        case _:
            raise TypeError(told.type())
