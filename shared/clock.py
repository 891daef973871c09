"""The one place that reads the time; rules take `now` as an argument."""

from datetime import UTC, datetime

__all__ = ["now", "seconds_since"]


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def seconds_since(moment: datetime | None) -> float:
    """How long ago `moment` was, in seconds; 0 for none."""
    return (now() - moment).total_seconds() if moment else 0.0
