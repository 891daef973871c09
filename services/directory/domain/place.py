"""Places: the tree from a community's root down to the household."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.directory.domain.boundary import Boundary
from services.directory.domain.community import CompoundType
from shared.events import PlaceChanged
from shared.events.directory import PLACE_KINDS, PlaceKind
from shared.problems import NotMet, WrongState

TOLD: Final = frozenset(PLACE_KINDS[: PLACE_KINDS.index("building") + 1])
"""Kinds the other services hear of; entrances and households never leave the directory."""

CALLED: Final = frozenset({"community", "grid"})
"""Kinds with a duty line: people call the community or their grid, not a building."""


class WrongParent(NotMet):
    """A place lies in one of a higher kind."""

    zh = "上级地点的层级必须更高（社区 › 网格 › 微网格 › 小区 › 楼栋 › 单元 › 户）。"
    en = (
        "The parent must be of a higher kind "
        "(community › grid › micro-grid › compound › building › entrance › household)."
    )


class NotCompound(NotMet):
    """Only compounds have a compound type."""

    zh = "只有小区才有小区类型。"
    en = "Only a compound has a compound type."


class PlaceCodeTaken(WrongState):
    """A code names one place of a community."""

    zh = "这个地点编码已被使用。"
    en = "Another place has this code."


class HasChildren(WrongState):
    """A place that holds others, or people, stays."""

    zh = "该地点下还有其他地点或住户，请先移走。"
    en = "It still holds places or people. Move them first."


class NoServicePhoneHere(NotMet):
    """Only those who answer the phone have a line."""

    zh = "只有社区和网格有服务电话。"
    en = "Only a community or a grid has a service phone."


class RootStays(WrongState):
    """The root of the tree is the community itself."""

    zh = "社区本身不能移动或删除。"
    en = "The community itself cannot be moved or removed."


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a community; `code` is what its files and signs call it.

    Its boundary and its service phone stay in the directory: no event tells of them. The phone is
    that of the community's or the grid's duty line, as people write it; never a person's own.
    """

    community: str
    id: UUID
    kind: PlaceKind
    parent_id: UUID | None
    title: str
    code: str
    compound_type: CompoundType | None = None
    boundary: Boundary | None = None
    service_phone: str | None = None
    version: int = 1
    removed: bool = False


def may_hold(parent: PlaceKind, kind: PlaceKind) -> bool:
    """Whether a place of `parent`'s kind may directly hold one of `kind`; levels may be skipped."""
    return PLACE_KINDS.index(parent) < PLACE_KINDS.index(kind)


def create_place(
    place: Place, *, parent: Place, code_taken: bool, now: datetime
) -> tuple[Place, list[PlaceChanged]]:
    """A new place. Raises WrongParent, NotCompound, PlaceCodeTaken."""
    _require_fit(place, parent, code_taken=code_taken)
    return place, tell_places([place], now=now)


def change_place(
    present: Place, wanted: Place, *, parent: Place, code_taken: bool, now: datetime
) -> tuple[Place, list[PlaceChanged]]:
    """The next version of a place; its kind, its boundary and its service phone stay.

    Raises as `create_place`, and RootStays.
    """
    if present.parent_id is None:
        raise RootStays
    changed = replace(
        wanted,
        id=present.id,
        kind=present.kind,
        boundary=present.boundary,
        service_phone=present.service_phone,
        version=present.version + 1,
    )
    _require_fit(changed, parent, code_taken=code_taken)
    return changed, tell_places([changed], now=now)


def draw_place(
    place: Place, boundary: Boundary | None, *, now: datetime
) -> tuple[Place, list[PlaceChanged]]:
    """The next version of a place, with another boundary or none."""
    drawn = replace(place, boundary=boundary, version=place.version + 1)
    return drawn, tell_places([drawn], now=now)


def rename_root(root: Place, title: str, *, now: datetime) -> tuple[Place, list[PlaceChanged]]:
    """The root of the tree under its community's new title."""
    renamed = replace(root, title=title, version=root.version + 1)
    return renamed, tell_places([renamed], now=now)


def give_service_phone(
    place: Place, phone: str | None, *, now: datetime
) -> tuple[Place, list[PlaceChanged]]:
    """The next version of a place, with another phone or none. Raises NoServicePhoneHere."""
    if place.kind not in CALLED:
        raise NoServicePhoneHere
    given = replace(place, service_phone=phone, version=place.version + 1)
    return given, tell_places([given], now=now)


def remove_place(place: Place, *, is_used: bool, now: datetime) -> tuple[Place, list[PlaceChanged]]:
    """A tombstone. Raises RootStays, HasChildren."""
    if place.parent_id is None:
        raise RootStays
    if is_used:
        raise HasChildren
    removed = replace(place, version=place.version + 1, removed=True)
    return removed, tell_places([removed], now=now)


def tell_places(places: Iterable[Place], *, now: datetime) -> list[PlaceChanged]:
    """What the others are told: the present state of those down to the building."""
    return [
        PlaceChanged(
            community=one.community,
            place_id=one.id,
            kind=one.kind,
            parent_id=one.parent_id,
            title=one.title,
            occurred_at=now,
            version=one.version,
            removed=one.removed,
        )
        for one in places
        if one.kind in TOLD
    ]


def _require_fit(place: Place, parent: Place, *, code_taken: bool) -> None:
    if parent.removed or not may_hold(parent.kind, place.kind):
        raise WrongParent
    if place.compound_type is not None and place.kind != "compound":
        raise NotCompound
    if code_taken:
        raise PlaceCodeTaken
