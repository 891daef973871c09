"""How much time a request has left, in words, and never in a colour alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.console.clients.models.requests import RequestView
from services.console.pages.texts import N_

__all__ = ["Remaining", "remaining"]

type Light = Literal["well", "failing", "unavailable", ""]
"""Of what the style has: in time, due soon, overdue; none where no clock runs."""

type Plural = Callable[[str, str, int], str]
type Translate = Callable[[str], str]

UNRESOLVED: Final = frozenset({"registered", "listed", "dispatched", "accepted", "in_progress"})
"""Where the clock runs (`services/requests`, the queues)."""

WAITING: Final = {"submitted": N_("等受理：%(time)s"), "resolved": N_("等核查：%(time)s")}
"""States in which somebody at the desk is waited for."""

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_TOLD_IN_UNITS: Final = 2
"""Fewer than two hours are told in minutes, fewer than two days in hours."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What to show: a colour's name and the words that say the same."""

    light: Light
    words: str


def remaining(
    request: RequestView, gettext: Translate, ngettext: Plural, now: datetime
) -> Remaining:
    """The time a request has left, or has been waiting for the desk."""
    if (waits := WAITING.get(request.status)) is not None:
        time = _span(max(now - request.updated_at, _MINUTE), ngettext)
        return Remaining("", gettext(waits) % {"time": time})
    if request.status not in UNRESOLVED:
        return Remaining("", "")
    if request.due_at is None:
        return Remaining("", gettext(N_("不限时")))
    if now > request.due_at:
        time = _span(now - request.due_at, ngettext)
        return Remaining("unavailable", gettext(N_("已超时 %(time)s")) % {"time": time})
    time = _span(request.due_at - now, ngettext)
    if request.due_soon_at is not None and now >= request.due_soon_at:
        return Remaining("failing", gettext(N_("快到期，还剩 %(time)s")) % {"time": time})
    return Remaining("well", gettext(N_("还剩 %(time)s")) % {"time": time})


def _span(span: timedelta, ngettext: Plural) -> str:
    """A span in its largest fitting unit, rounded down: nobody is told of time they don't have."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds >= _TOLD_IN_UNITS * _DAY:
        number = seconds // _DAY
        return ngettext("%(num)s 天", "%(num)s 天", number) % {"num": number}
    if seconds >= _TOLD_IN_UNITS * _HOUR:
        number = seconds // _HOUR
        return ngettext("%(num)s 小时", "%(num)s 小时", number) % {"num": number}
    number = seconds // 60
    return ngettext("%(num)s 分钟", "%(num)s 分钟", number) % {"num": number}
