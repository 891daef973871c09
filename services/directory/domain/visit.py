"""Visits (走访): what somebody who works for the community saw or heard at a door."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from services.directory.domain.place import Place
from shared.problems import NotMet

VisitKind = Literal["visit", "phone_call", "notice_delivered"]
VISITED: Final = frozenset({"building", "entrance", "household"})
FAST_CLOCK: Final = timedelta(minutes=5)
"""By how much the clock of somebody's phone may be ahead of ours."""


class NotVisited(NotMet):
    """A visit is paid to a household, or to a whole building or entrance."""

    zh = "走访对象须为户、单元或楼栋。"
    en = "A visit is paid to a household, an entrance or a building."


class VisitToCome(NotMet):
    """A visit is logged when it has been paid."""

    zh = "走访时间不能晚于现在。"
    en = "A visit is logged after it was paid, not before."


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; it is never changed."""

    community: str
    id: UUID
    place_id: UUID
    kind: VisitKind
    visited_at: datetime
    note: str
    wants_follow_up: bool
    visited_by: UUID


def require_visit(visit: Visit, place: Place, *, now: datetime) -> None:
    """Whether a visit can be logged. Raises NotVisited, VisitToCome."""
    if place.kind not in VISITED:
        raise NotVisited
    if visit.visited_at > now + FAST_CLOCK:
        raise VisitToCome
