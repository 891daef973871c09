"""Who holds points, and who may look at an account."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from shared.problems import NotAllowed

ISSUER_SHARDS: Final = 8
"""Every award debits the issuer: eight rows, so that replicas seldom wait for the same one."""

_ISSUER_ID: Final = UUID(int=0)


class NotYourAccount(NotAllowed):
    """An account is seen by its owner, the owner's members, staff and auditors."""

    zh = "只有本人、本单位成员和社区工作人员可以查看这个积分账户。"
    en = "Only its owner, the organisation's members and staff may see this account."


class OwnerKind(StrEnum):
    """Who can have an account."""

    PERSON = "person"
    ORGANISATION = "organisation"
    ISSUER = "issuer"


class Owner(NamedTuple):
    """Whose account it is. Its order is the order in which accounts are locked."""

    community: str
    kind: OwnerKind
    id: UUID
    shard: int = 0


def issuer(community: str, key: int) -> Owner:
    """The row of the community's issuer for an award; the same key always finds the same row."""
    return Owner(community, OwnerKind.ISSUER, _ISSUER_ID, key % ISSUER_SHARDS)


@dataclass(frozen=True, slots=True)
class Account:
    """What an owner holds now, and all that was ever awarded and taken back."""

    owner: Owner
    id: UUID | None = None
    """None: nothing has been booked yet."""

    balance: int = 0
    awarded: int = 0
    reversed: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The points of a whole community: `held` is `issued` less `reversed`."""

    issued: int
    held: int
    reversed: int


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a person, the organisations they act for, and whether all accounts are open."""

    person_id: UUID
    organisation_ids: AbstractSet[UUID]
    sees_all: bool

    def owns(self, owner: Owner) -> bool:
        """Whether it is the viewer's own account, or that of an organisation of theirs."""
        if owner.kind is OwnerKind.PERSON:
            return owner.id == self.person_id
        return owner.kind is OwnerKind.ORGANISATION and owner.id in self.organisation_ids


def require_sight(owner: Owner, viewer: Viewer) -> None:
    """Only who may see an account learns whether it exists. Raises NotYourAccount."""
    if not viewer.sees_all and not viewer.owns(owner):
        raise NotYourAccount
