"""Which language a caller reads."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from shared.languages import field, in_words, prefers_english, reason


@pytest.mark.parametrize(
    ("header", "english"),
    [
        ("", False),
        ("en", True),
        ("en-GB,en;q=0.9", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("fr, en", True),
        ("en;q=0.5, zh;q=0.9", False),
        ("*", False),
        ("en;q=rubbish", False),
        ("de", False),
    ],
)
def test_english_is_spoken_to_those_who_want_it_more(header: str, english: bool) -> None:
    assert prefers_english(header) == english


def test_a_missing_field_is_named_as_it_was_sent_and_explained_in_both_languages() -> None:
    error = {"type": "missing", "loc": ("body", "taker", "id"), "msg": "Field required"}
    assert field(error) == "taker.id"
    assert reason(error, english=False) == "请填写此项"
    assert reason(error, english=True) == "Please fill this in"


def test_a_check_that_has_words_of_its_own_tells_them_in_both_languages() -> None:
    def refuse(_: str) -> str:
        raise in_words("even", ("须为偶数 {}", "An even number {}"))

    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[str, AfterValidator(refuse)]).validate_python("3")
    [error] = refused.value.errors()
    assert error["type"] == "even"
    assert reason(error, english=False) == "须为偶数 {}"
    assert reason(error, english=True) == "An even number {}"


def test_what_has_no_words_of_ours_keeps_the_library_s() -> None:
    error = {"type": "value_error", "loc": ("body", "x"), "msg": "Value error, no"}
    assert reason(error, english=True) == "Value error, no"
