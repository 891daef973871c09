"""The words of notices: plain ones, the number to quote, and what to do next.

They are chosen when a notice is read, so that a person who changes the language reads the old
notices in it too. `{whose}` and `{number}` name the request, `{points}` the points.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.notify.domain.telling import Kind
from shared.events.directory import Language


@dataclass(frozen=True, slots=True)
class Text:
    """A title of a few words and a body of one or two sentences."""

    title: str
    body: str


WORDS: Final[Mapping[Kind, Mapping[Language, Text]]] = {
    Kind.REQUEST_REGISTERED: {
        "zh-CN": Text("已受理", "{whose}诉求{number}已受理。有人接单后会告诉您，请留意。"),
        "en": Text(
            "Taken in",
            "{whose} request {number} was taken in. You will be told when somebody accepts it.",
        ),
    },
    Kind.REQUEST_REJECTED: {
        "zh-CN": Text(
            "未受理", "{whose}诉求{number}没有受理。请打开诉求查看原因；有疑问请联系社区。"
        ),
        "en": Text(
            "Not taken in",
            "{whose} request {number} was not taken in. Open it to read why, or ask the community.",
        ),
    },
    Kind.REQUEST_DISPATCHED: {
        "zh-CN": Text("有诉求派给您", "诉求{number}派给了您。请尽快查看，接单或退单。"),
        "en": Text(
            "A request for you",
            "Request {number} was given to you. Please look at it soon, then accept or decline it.",
        ),
    },
    Kind.REQUEST_ACCEPTED: {
        "zh-CN": Text("已有人接单", "{whose}诉求{number}已有人接单，正在安排。办好后请您确认。"),
        "en": Text(
            "Somebody has accepted",
            "Somebody has accepted {whose_lower} request {number}. "
            "You will be asked to confirm when it is done.",
        ),
    },
    Kind.REQUEST_RESOLVED: {
        "zh-CN": Text(
            "请确认结果",
            "{whose}诉求{number}已办好。请确认是否解决，并评价。七天内没有回复，将自动结案。",
        ),
        "en": Text(
            "Please confirm",
            "The work on {whose_lower} request {number} is done. "
            "Please confirm that it is solved, and rate it. "
            "Without an answer it closes by itself after seven days.",
        ),
    },
    Kind.REQUEST_CLOSED: {
        "zh-CN": Text(
            "已结案", "{whose}诉求{number}已结案。欢迎评价；如果没有解决，七天内可以重新打开。"
        ),
        "en": Text(
            "Closed",
            "{whose} request {number} is closed. Please rate it. "
            "If it is not solved, you can reopen it within seven days.",
        ),
    },
    Kind.REQUEST_REOPENED: {
        "zh-CN": Text(
            "请再次处理", "您办理过的诉求{number}没有解决，已重新打开。请查看并继续办理。"
        ),
        "en": Text(
            "Please look again",
            "Request {number}, which you worked on, was not solved and is open again. "
            "Please look at it and go on.",
        ),
    },
    Kind.POINTS_AWARDED: {
        "zh-CN": Text("积分到账", "您参与的诉求{number}已结案，获得{points}积分。谢谢您的帮助！"),
        "en": Text(
            "Points earned",
            "Request {number}, which you helped with, is closed: {points} points earned. "
            "Thank you for your help!",
        ),
    },
    Kind.POINTS_REVERSED: {
        "zh-CN": Text(
            "积分退回", "诉求{number}已重新打开，之前的{points}积分先退回。再次办结后会重新发放。"
        ),
        "en": Text(
            "Points taken back",
            "Request {number} was reopened, so its {points} points were taken back for now. "
            "They come again when it is closed.",
        ),
    },
    Kind.VOLUNTEER_ADMITTED: {
        "zh-CN": Text(
            "可以接任务了", "社区同意您做志愿者了。打开“任务”，就能接邻居的事。谢谢您的热心！"
        ),
        "en": Text(
            "You can take tasks now",
            "The community has agreed that you volunteer. "
            "Under “Tasks” you find what neighbours need. Thank you!",
        ),
    },
}

UNANSWERED: Final[Mapping[Language, Text]] = {
    "zh-CN": Text(
        "已自动结案",
        "{whose}诉求{number}办好后一直没有收到确认，已自动结案。"
        "如果没有解决，七天内可以重新打开；也欢迎评价。",
    ),
    "en": Text(
        "Closed by itself",
        "We heard nothing about {whose_lower} request {number} after the work was done, "
        "so it was closed by itself. "
        "If it is not solved, you can reopen it within seven days. You can also rate it.",
    ),
}
"""Of a request that was closed and that nobody had answered (`unanswered` in the details)."""

_WHOSE: Final[Mapping[Language, tuple[str, str]]] = {
    "zh-CN": ("您的", "您代报的"),
    "en": ("Your", "Your neighbour's"),
}


def render(
    kind: Kind, language: Language, *, number: str | None, details: Mapping[str, int]
) -> Text:
    """The words of one notice. Without a `number` (not heard yet) the sentence still reads well."""
    text = (UNANSWERED if details.get("unanswered") else WORDS[kind])[language]
    whose = _WHOSE[language][details.get("as_filer", 0)]
    body = text.body if number else text.body.replace(" {number}", "").replace("{number}", "")
    filled = body.format(
        whose=whose,
        whose_lower=whose[0].lower() + whose[1:],
        number=f" {number} " if number and language == "zh-CN" else number,
        points=f" {details.get('points', 0)} " if language == "zh-CN" else details.get("points", 0),
    )
    return Text(text.title, filled)
