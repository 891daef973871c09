"""What the directory tells: the state of the neighbourhood, last value kept.

A removed entity is a tombstone (`removed`), which the stream keeps like any other last value.
Names of people are never told: pages ask the directory for them.
"""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.events.base import PLATFORM, Community, Event

__all__ = [
    "PLACE_KINDS",
    "CommunityChanged",
    "Language",
    "MembershipChanged",
    "OrganisationChanged",
    "PersonChanged",
    "PlaceChanged",
    "PlaceKind",
    "SigningKeyChanged",
    "StateEvent",
]

Language = Literal["zh-CN", "en"]

PlaceKind = Literal[
    "community", "grid", "micro_grid", "compound", "building", "entrance", "household"
]
"""The place tree below the subdistrict; households and entrances stay in the directory."""

PLACE_KINDS: tuple[PlaceKind, ...] = (
    "community",
    "grid",
    "micro_grid",
    "compound",
    "building",
    "entrance",
    "household",
)


class StateEvent(Event, owner="directory", keeps_last=True):
    """The present state of one entity; an older version never overwrites a newer one."""

    removed: bool = False


class CommunityChanged(StateEvent, name="community_changed", entity="slug"):
    """A community exists; its services set up what it needs."""

    slug: Community
    title: str
    prefix: str = Field(description="Begins the numbers of its requests, for example WH.")


class PlaceChanged(StateEvent, name="place_changed", entity="place_id"):
    """A place down to the building."""

    place_id: UUID
    kind: PlaceKind
    parent_id: UUID | None
    title: str


class OrganisationChanged(StateEvent, name="organisation_changed", entity="organisation_id"):
    """An organisation of a community."""

    organisation_id: UUID
    kind: str
    title: str


class PersonChanged(StateEvent, name="person_changed", entity="person_id"):
    """A person with an account or a role: an id and a language, never a name."""

    community: Community = PLATFORM
    person_id: UUID
    language: Language


class MembershipChanged(StateEvent, name="membership_changed", entity="person_id"):
    """What a person is in one community."""

    person_id: UUID
    roles: tuple[str, ...]
    organisation_ids: tuple[UUID, ...] = ()


class SigningKeyChanged(StateEvent, name="signing_key_changed", entity="key_id"):
    """A public key that tokens are checked with (RFC 8037, OKP)."""

    community: Community = PLATFORM
    key_id: str
    public_key: dict[str, str]
