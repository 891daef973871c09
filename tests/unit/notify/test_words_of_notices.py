"""Every notice has its words, in both languages, and says what to do."""

import string
from datetime import timedelta
from typing import get_args

import pytest

from services.notify.domain import WORDS, Kind, render
from services.requests.domain.deadline import SILENCE
from shared.events.directory import Language

LANGUAGES = get_args(Language)
OF_REQUESTS = set(Kind) - {Kind.VOLUNTEER_ADMITTED}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words_in_every_language(kind):
    assert set(WORDS[kind]) == set(LANGUAGES)
    for text in WORDS[kind].values():
        assert text.title
        assert text.body
        names = {name for _, name, _, _ in string.Formatter().parse(text.body) if name}
        assert ("number" in names) == (kind in OF_REQUESTS)
        assert ("points" in names) == kind.value.startswith("points_")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("as_filer", [0, 1])
@pytest.mark.parametrize("number", ["WH-2026-000153", None])
def test_words_read_well(kind, language, as_filer, number):
    text = render(kind, language, number=number, details={"points": 12, "as_filer": as_filer})
    assert ("WH-2026-000153" in text.body) == bool(number and kind in OF_REQUESTS)
    assert ("12" in text.body) == kind.value.startswith("points_")
    assert not set("{}") & set(text.body)
    assert "  " not in text.body
    assert " ，" not in text.body
    assert " ," not in text.body
    assert " 。" not in text.body
    assert text.body == text.body.strip()
    assert len(text.title) <= (8 if language == "zh-CN" else 30)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("as_filer", [0, 1])
@pytest.mark.parametrize("number", ["WH-2026-000153", None])
def test_what_nobody_answered_says_so_and_reads_well(language, as_filer, number):
    details = {"unanswered": 1, "as_filer": as_filer}
    text = render(Kind.REQUEST_CLOSED, language, number=number, details=details)
    assert text.title == {"zh-CN": "已自动结案", "en": "Closed by itself"}[language]
    assert ("WH-2026-000153" in text.body) == bool(number)
    assert not set("{}") & set(text.body)
    assert not {"  ", " ，", " ,", " 。"} & {text.body[at : at + 2] for at in range(len(text.body))}
    answered = render(Kind.REQUEST_CLOSED, language, number=number, details={})
    assert answered.body != text.body


def test_resolved_asks_to_confirm_and_rate_and_says_what_silence_does():
    assert timedelta(days=7) == SILENCE  # the words say so, too
    mine = render(Kind.REQUEST_RESOLVED, "zh-CN", number="WH-2026-000153", details={})
    assert (
        mine.body
        == "您的诉求 WH-2026-000153 已办好。请确认是否解决，并评价。七天内没有回复，将自动结案。"
    )
    filed = render(Kind.REQUEST_RESOLVED, "en", number="WH-2026-000153", details={"as_filer": 1})
    assert filed.body == (
        "The work on your neighbour's request WH-2026-000153 is done. "
        "Please confirm that it is solved, and rate it. "
        "Without an answer it closes by itself after seven days."
    )
