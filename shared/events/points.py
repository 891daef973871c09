"""What the points service tells: what a closed request earned, and what was taken back."""

from uuid import UUID

from pydantic import PositiveInt

from shared.events.base import Event, Taker

__all__ = ["AwardEvent", "PointsAwarded", "PointsReversed"]


class AwardEvent(Event, owner="points", entity="award_id"):
    """What both tell. The award's own key is request, cycle, taker and rule."""

    award_id: UUID
    request_id: UUID
    cycle: PositiveInt
    taker: Taker
    rule: str
    points: PositiveInt


class PointsAwarded(AwardEvent, name="awarded"):
    """A taker earned points for a closed request."""


class PointsReversed(AwardEvent, name="reversed"):
    """The request was reopened: its award was booked back."""
