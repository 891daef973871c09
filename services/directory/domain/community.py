"""Communities: each has a slug, a place tree, and what its compounds usually are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from shared.events import CommunityChanged
from shared.problems import NotMet, WrongState

CompoundType = Literal["unit_built", "unmanaged", "serviced", "private_built"]
"""Who built a compound and who looks after it (`DOMAIN.md` S4 4.3)."""

RESERVED: Final = frozenset({"me", "communities", "sign-in", "sign-out", "refresh"})
"""Words of the directory's own addresses."""


class CommunityExists(WrongState):
    """A slug is given once."""

    zh = "这个社区代号已被使用。"
    en = "A community with this slug exists."


class ReservedSlug(NotMet):
    """The slug is a word of the API's own addresses."""

    zh = "这个代号为系统保留，请换一个。"
    en = "This slug is reserved. Choose another."


@dataclass(frozen=True, slots=True)
class Community:
    """A community; the district and subdistrict above it are attributes for now."""

    community: str
    title: str
    prefix: str
    root_id: UUID
    district: str | None = None
    subdistrict: str | None = None
    region_code: str | None = None
    compound_type: CompoundType | None = None
    version: int = 1
    removed: bool = False


def open_community(
    community: Community, *, exists: bool, now: datetime
) -> tuple[Community, CommunityChanged]:
    """A new community. Raises CommunityExists, ReservedSlug."""
    if community.community in RESERVED:
        raise ReservedSlug
    if exists:
        raise CommunityExists
    return community, _tell(community, now)


def change_community(
    present: Community, wanted: Community, *, now: datetime
) -> tuple[Community, CommunityChanged]:
    """The next version; slug and root stay."""
    changed = replace(
        wanted,
        community=present.community,
        root_id=present.root_id,
        version=present.version + 1,
    )
    return changed, _tell(changed, now)


def tell_communities(communities: Iterable[Community], *, now: datetime) -> list[CommunityChanged]:
    """What the others are told of each."""
    return [_tell(one, now) for one in communities]


def _tell(community: Community, now: datetime) -> CommunityChanged:
    return CommunityChanged(
        community=community.community,
        slug=community.community,
        title=community.title,
        prefix=community.prefix,
        occurred_at=now,
        version=community.version,
        removed=community.removed,
    )
