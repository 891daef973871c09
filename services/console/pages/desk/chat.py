"""What a pasted chat says: who, on which phone, where, and what about; always to be checked."""

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Chat", "read_chat"]

_PHONE: Final = re.compile(
    r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]?\d{7,8})(?!\d)"
)
_HEAD: Final = re.compile(
    r"^\s*(?P<name>[\w·]{1,20}?)\s*[:：]?\s*"
    r"(?:\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}日?)?\s*(?:[上下]午\s*)?\d{1,2}:\d{2}(?::\d{2})?\s*$"
)
"""The line above a message when a chat is copied: a name and a time."""

_LABELS: Final = {
    "name": r"(?:姓名|联系人|称呼)",
    "phone": r"(?:电话|手机|手机号|联系电话|联系方式)",
    "place": r"(?:地址|住址|位置|地点)",
    "words": r"(?:内容|情况|问题|诉求|事由)",
}
_LABELLED: Final = {
    field: re.compile(rf"^\s*{label}\s*[:：]\s*(?P<value>.+?)\s*$")
    for field, label in _LABELS.items()
}
_SURNAMED: Final = r"[一-鿿]{1,3}(?:阿姨|大爷|奶奶|爷爷|师傅|老师|大姐|大哥)|[一-鿿]{2,4}"
_I_AM: Final = re.compile(rf"我(?:叫|是|名叫)(?P<name>{_SURNAMED})(?=[，,。.；;！!\s]|$)")
_NUMBER: Final = r"(?:\d{1,4}|[一二三四五六七八九十]{1,3})"
_COMPOUND: Final = (
    rf"(?:[一-鿿A-Za-z]{{1,12}}?(?:路|街|巷|道)\s?{_NUMBER}\s?号院?"
    r"|[一-鿿A-Za-z0-9]{1,12}?(?:小区|花园|家园|苑|公寓|大院|新村|星城))"
)
_BUILDING: Final = rf"{_NUMBER}\s?(?:栋|幢|号楼|座)"
_PLACE: Final = re.compile(rf"(?P<place>(?:{_COMPOUND})?\s?(?:{_BUILDING})|{_COMPOUND})")
_BEFORE_PLACE: Final = re.compile(r"^(?:我(?:们)?(?:家)?|家)?(?:住|住在|在|是)?")


@dataclass(frozen=True, slots=True)
class Chat:
    """What was found; empty where nothing was. `words` is all that was said, without the frame."""

    name: str = ""
    phone: str = ""
    place: str = ""
    words: str = ""


def read_chat(text: str) -> Chat:
    """Name, phone, place down to the building, and the words themselves.

    Labelled lines (`电话：…`) count before what only looks like it. What is not understood stays in
    `words`, so that nothing that somebody said is lost.
    """
    found: dict[str, str] = {}
    said: list[str] = []
    for line in text.splitlines():
        if head := _HEAD.match(line):
            found.setdefault("name", head["name"])
        elif not _take_labelled(line, found, said) and line.strip():
            said.append(line.strip())
    words = "\n".join(said)
    if own := _I_AM.search(words):
        found["name"] = found.get("name") or own["name"]
    phone = _PHONE.search(found.get("phone", "")) or _PHONE.search(text)
    place = _PLACE.search(found.get("place", "")) or _PLACE.search(words)
    return Chat(
        name=found.get("name", ""),
        phone=re.sub(r"[ -]", "", phone[1]) if phone else "",
        place=_BEFORE_PLACE.sub("", place["place"]).strip() if place else "",
        words=words,
    )


def _take_labelled(line: str, found: dict[str, str], said: list[str]) -> bool:
    """Take a line such as `地址：…`; what it says of the place in full is kept in the words too."""
    for field, pattern in _LABELLED.items():
        if labelled := pattern.match(line):
            found.setdefault(field, labelled["value"])
            if field in {"place", "words"}:
                said.append(labelled["value"])
            return True
    return False
