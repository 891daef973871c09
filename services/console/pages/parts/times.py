"""Times as people say them (`EXPERIENCE.md` §2.4): "今天下午3点", "today at 3:00 pm"."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.console.pages.texts import N_
from shared import clock

__all__ = ["ZONE", "day", "moment", "whole_date"]

ZONE: Final = ZoneInfo("Asia/Shanghai")

type Translate = Callable[[str], str]

_PARTS_OF_DAY: Final = (
    (5, N_("凌晨%(hour)d点%(minutes)s")),
    (8, N_("早上%(hour)d点%(minutes)s")),
    (12, N_("上午%(hour)d点%(minutes)s")),
    (13, N_("中午%(hour)d点%(minutes)s")),
    (18, N_("下午%(hour)d点%(minutes)s")),
    (24, N_("晚上%(hour)d点%(minutes)s")),
)
_NEAR_DAYS: Final = {
    -2: N_("前天"),
    -1: N_("昨天"),
    0: N_("今天"),
    1: N_("明天"),
    2: N_("后天"),
}
_WEEKDAYS: Final = (
    N_("周一"),
    N_("周二"),
    N_("周三"),
    N_("周四"),
    N_("周五"),
    N_("周六"),
    N_("周日"),
)
_MONTHS: Final = (
    N_("1月%(day)d日"),
    N_("2月%(day)d日"),
    N_("3月%(day)d日"),
    N_("4月%(day)d日"),
    N_("5月%(day)d日"),
    N_("6月%(day)d日"),
    N_("7月%(day)d日"),
    N_("8月%(day)d日"),
    N_("9月%(day)d日"),
    N_("10月%(day)d日"),
    N_("11月%(day)d日"),
    N_("12月%(day)d日"),
)
NEAR_DAYS: Final = 6
"""A weekday says enough so many days ahead; behind us a date is clearer."""


def moment(at: datetime, gettext: Translate, now: datetime | None = None) -> str:
    """A day and a time in the neighbourhood's zone; `at` needs a zone."""
    at = at.astimezone(ZONE)
    pattern = next(one for before, one in _PARTS_OF_DAY if at.hour < before)
    minutes = gettext(N_("%(minute)d分")) % {"minute": at.minute} if at.minute else ""
    time = gettext(pattern) % {"hour": at.hour % 12 or 12, "minutes": minutes}
    return gettext(N_("%(day)s%(time)s")) % {"day": day(at, gettext, now), "time": time}


def day(at: datetime | date, gettext: Translate, now: datetime | None = None) -> str:
    """A day as seen from `now`: today, Friday, 5 March, 5 March 2025."""
    today = (now or clock.now()).astimezone(ZONE).date()
    when = at.astimezone(ZONE).date() if isinstance(at, datetime) else at
    distance = (when - today).days
    if distance in _NEAR_DAYS:
        return gettext(_NEAR_DAYS[distance])
    if 0 < distance <= NEAR_DAYS:
        return gettext(_WEEKDAYS[when.weekday()])
    if when.year == today.year:
        return _day_of_month(when, gettext)
    return whole_date(when, gettext)


def whole_date(at: datetime | date, gettext: Translate) -> str:
    """A day with its year, for paper: there is no today on it."""
    when = at.astimezone(ZONE).date() if isinstance(at, datetime) else at
    told = _day_of_month(when, gettext)
    return gettext(N_("%(year)d年%(day)s")) % {"year": when.year, "day": told}


def _day_of_month(when: date, gettext: Translate) -> str:
    return gettext(_MONTHS[when.month - 1]) % {"day": when.day}
