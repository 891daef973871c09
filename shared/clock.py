"""The one place that reads the time; rules take `now` as an argument."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
