"""When a request is due, when it closes by itself, and the days of the neighbourhood.

The rules are those of `DOMAIN.md` §6: 2 (clocks) and 4 (silence closes).
"""

from datetime import datetime, time, timedelta
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

LOCAL_TIME: Final = ZoneInfo("Asia/Shanghai")
"""Days and years begin with those of the neighbourhood, not of UTC."""

SOON: Final = 0.8
"""The share of its limit after which a request is due soon: its light is yellow, not green."""

SILENCE: Final = timedelta(days=7)
"""How long a resolved request waits for an answer; as long as a closed one can be reopened."""

AWAY: Final = timedelta(minutes=15)
"""A service that nobody saw for longer was away: who wanted to answer could not."""

SECOND_CHANCE: Final = timedelta(hours=1)
"""How long nothing closes by itself after that; little enough for a machine that rests at night."""


class Deadline(TypedDict):
    """The fields of a request that its clock sets; None: it has no limit."""

    due_soon_at: datetime | None
    due_at: datetime | None


def due_at(registered_at: datetime, limit_hours: float) -> datetime:
    """When `limit_hours` are used up, counted around the clock."""
    return registered_at + timedelta(hours=limit_hours)


def deadline(registered_at: datetime, limit_hours: int | None) -> Deadline:
    """When a request that is taken in at `registered_at` is due soon (80 %), and when it is due."""
    if limit_hours is None:
        return {"due_soon_at": None, "due_at": None}
    return {
        "due_soon_at": due_at(registered_at, limit_hours * SOON),
        "due_at": due_at(registered_at, limit_hours),
    }


def closes_at(resolved_at: datetime) -> datetime:
    """When what was resolved closes by itself, unless somebody answers before."""
    return resolved_at + SILENCE


def start_of_day(now: datetime) -> datetime:
    """The midnight with which the day of `now` began in the neighbourhood."""
    return datetime.combine(now.astimezone(LOCAL_TIME), time(), LOCAL_TIME)
