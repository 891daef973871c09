"""The way to the screens, by role: at the bottom of a phone, at the top of a wide screen."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from services.console.pages.texts import N_
from shared.permissions import EVERY_MEMBER, Role

__all__ = ["COORDINATORS", "GRID", "HELPERS", "OPERATORS", "REGISTER", "Tab", "tabs"]

HELPERS: Final = frozenset({Role.VOLUNTEER, Role.ORGANISATION_MEMBER})
GRID: Final = frozenset({Role.GRID_WORKER, Role.MICRO_GRID_HEAD, Role.PROPERTY_STEWARD})
COORDINATORS: Final = frozenset({Role.COMMUNITY_STAFF, Role.SUBDISTRICT_STAFF})
OPERATORS: Final = frozenset({Role.OPERATOR})
REGISTER: Final = COORDINATORS | OPERATORS


@dataclass(frozen=True, slots=True)
class Tab:
    """One way: `path` below the community, or from the root; who is shown it."""

    word: str
    path: str
    icon: str
    roles: AbstractSet[str]


_TABS: Final = (
    Tab(N_("首页"), "", "home", EVERY_MEMBER),
    Tab(N_("任务"), "tasks", "task", HELPERS),
    Tab(N_("网格"), "grid", "grid", GRID),
    Tab(N_("工作台"), "desk", "desk", COORDINATORS),
    Tab(N_("名册"), "register", "register", REGISTER),
    Tab(N_("消息"), "/inbox", "inbox", EVERY_MEMBER),
    Tab(N_("平台"), "/operator", "operator", OPERATORS),
    Tab(N_("我的"), "/me", "person", frozenset(Role)),
)


def tabs(community: str, roles: AbstractSet[str]) -> Sequence[Tab]:
    """The tabs of somebody with these roles, their paths from the root."""
    return [
        Tab(one.word, _path(community, one), one.icon, one.roles)
        for one in _TABS
        if one.roles & roles and (community or one.path.startswith("/"))
    ]


def _path(community: str, tab: Tab) -> str:
    return tab.path if tab.path.startswith("/") else f"/in/{community}/{tab.path}"
