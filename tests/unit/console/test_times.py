"""Times as people say them."""

from datetime import UTC, datetime

import pytest

from services.console.pages import texts
from services.console.pages.parts import times

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # in Shanghai it is Saturday, four in the morning


@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [
        ("2026-11-21T07:00+00:00", "今天下午3点", "today at 3 pm"),
        ("2026-11-21T07:05+00:00", "今天下午3点5分", "today at 3:05 pm"),
        ("2026-11-21T15:00+08:00", "今天下午3点", "today at 3 pm"),
        ("2026-11-20T16:30+00:00", "今天凌晨12点30分", "today at 12:30 am"),
        ("2026-11-20T15:59+00:00", "昨天晚上11点59分", "yesterday at 11:59 pm"),
        ("2026-11-22T04:00+00:00", "明天中午12点", "tomorrow at 12 pm"),
        ("2026-11-23T01:00+00:00", "后天上午9点", "the day after tomorrow at 9 am"),
        ("2026-11-25T23:00+00:00", "周四早上7点", "Thursday at 7 am"),
        ("2026-11-27T23:00+00:00", "11月28日早上7点", "28 November at 7 am"),
        ("2026-11-10T07:00+00:00", "11月10日下午3点", "10 November at 3 pm"),
        ("2025-03-05T07:00+00:00", "2025年3月5日下午3点", "5 March 2025 at 3 pm"),
    ],
)
def test_a_moment_is_told_as_people_tell_it(at, chinese, english):
    when = datetime.fromisoformat(at)
    assert times.moment(when, texts.translations("zh-CN").gettext, NOW) == chinese
    assert times.moment(when, texts.translations("en").gettext, NOW) == english
