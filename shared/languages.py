"""Which language a caller reads, and what is wrong with a field in words of that language."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

from pydantic_core import PydanticCustomError

__all__ = ["Words", "field", "in_words", "prefers_english", "reason"]

Words = tuple[str, str]
"""The same in Chinese and in English."""

_REASONS: Final[Mapping[str, Words]] = {
    "missing": ("请填写此项", "Please fill this in"),
    "extra_forbidden": ("没有这一项，请去掉", "There is no such field; leave it out"),
    "json_invalid": ("提交的内容不是有效的 JSON", "What was sent is not JSON"),
    "model_attributes_type": ("请以 JSON 格式提交一个对象", "Send one object, as JSON"),
    "uuid_parsing": ("这不是有效的编号", "This is not an id"),
    "uuid_type": ("这不是有效的编号", "This is not an id"),
    "string_type": ("请填写文字", "Text is wanted here"),
    "string_too_short": ("内容太短", "This is too short"),
    "string_too_long": ("内容太长", "This is too long"),
    "string_pattern_mismatch": ("格式不对", "This does not have the right form"),
    "int_parsing": ("请填写整数", "A whole number is wanted here"),
    "int_type": ("请填写整数", "A whole number is wanted here"),
    "bool_parsing": ("请填写是或否", "Yes or no (true, false) is wanted here"),
    "greater_than_equal": ("数值太小", "This number is too small"),
    "less_than_equal": ("数值太大", "This number is too large"),
    "literal_error": ("不在可选范围内", "This is not one of the choices"),
    "enum": ("不在可选范围内", "This is not one of the choices"),
    "datetime_from_date_parsing": ("这不是有效的时间", "This is not a time"),
    "timezone_aware": ("时间须带时区", "The time needs its zone"),
}


def prefers_english(accept_language: str) -> bool:
    """Whether English is wanted more than Chinese (RFC 9110 §12.5.4); Chinese when in doubt."""
    wishes: dict[str, float] = {}
    for part in accept_language.lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wishes.setdefault(tag.split("-")[0], float(weight or 1))
        except ValueError:
            continue
    return wishes.get("en", 0.0) > wishes.get("zh", 0.0)


def in_words(kind: LiteralString, words: Words) -> PydanticCustomError:
    """What a check of a field raises that has words of its own; `kind` is stable."""
    return PydanticCustomError(kind, "{en}", {"zh": words[0], "en": words[1]})


def reason(error: Mapping[str, Any], *, english: bool) -> str:
    """What is wrong with a field, for the person who filled it in."""
    words = _REASONS.get(error["type"])
    if words:
        return words[english]
    own: Mapping[str, Any] = error.get("ctx", {})
    return str(own.get("en" if english else "zh", error["msg"]))


def field(error: Mapping[str, Any]) -> str:
    """The name of a field, as the caller sent it."""
    where = [str(one) for one in error["loc"]]
    if error["type"] == "json_invalid" or len(where) == 1:
        return where[0]
    return ".".join(where[1:])
