"""The time that a request has left, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from services.console.clients.models.requests import RequestView
from services.console.pages import texts
from services.console.pages.parts.remaining import Remaining, remaining

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def request(status: str, due: timedelta | None = None, soon: timedelta = HOUR) -> RequestView:
    """A request as far as its time goes: who and what do not matter."""
    return RequestView.model_construct(
        status=status,
        updated_at=NOW - timedelta(minutes=119),
        due_at=None if due is None else NOW + due,
        due_soon_at=None if due is None else NOW + soon,
    )


@pytest.mark.parametrize(
    ("shown", "light", "chinese", "english"),
    [
        (request("submitted"), "", "等受理：119 分钟", "Waiting to be taken in: 119 minutes"),
        (request("resolved"), "", "等核查：119 分钟", "Waiting to be verified: 119 minutes"),
        (request("listed"), "", "不限时", "No time limit"),
        (request("closed", -HOUR), "", "", ""),
        (request("listed", 47.9 * HOUR), "well", "还剩 47 小时", "47 hours left"),
        (
            request("accepted", timedelta(seconds=119), soon=timedelta(0)),
            "failing",
            "快到期，还剩 1 分钟",
            "Due soon: 1 minute left",
        ),
        (
            request("in_progress", -48 * HOUR, soon=-60 * HOUR),
            "unavailable",
            "已超时 2 天",
            "Overdue by 2 days",
        ),
    ],
)
def test_it_is_told_in_words(shown, light, chinese, english) -> None:
    said = [
        remaining(shown, catalogue.gettext, catalogue.ngettext, NOW)
        for catalogue in (texts.translations("zh-CN"), texts.translations("en"))
    ]
    assert said == [Remaining(light, chinese), Remaining(light, english)]
