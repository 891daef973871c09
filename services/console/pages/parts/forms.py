"""Forms: what each sends, and what is said beside its fields when a service refuses."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages.texts import ENGLISH, N_
from services.console.pages.visitor import Visitor
from shared.languages import reason

__all__ = [
    "KEEP",
    "STALE",
    "FormSent",
    "Refusal",
    "Remarks",
    "VersionedForm",
    "id_in",
    "number",
    "refusal",
]

UNDER_WAY: Final = N_("刚才提交的内容还在处理。请过一会儿再提交一次；重复提交不会办两次。")
SECONDS_STILL_TOLD: Final = 120
"""A longer wait is told in minutes."""

LONGEST_NUMBER: Final = 18
"""Digits of the largest version that there can be."""

STALE: Final = 412
"""The status of a refusal because somebody else made a change meanwhile."""

NO_CODES: Final[Mapping[str, str]] = {}

KEEP: Final = {"x-keep": "form"}
"""The header of an empty form that is about nobody: a phone may keep it (`service-worker.js`)."""

type Translate = Callable[[str], str]

type Remarks = dict[str, str]
"""What is to be said about a form: by field, and above it (`form`)."""


class FormSent(BaseModel):
    """What each of our forms sends besides its fields.

    Whose it is (`pages.access` checks that), and the key that makes a double tap harmless.
    """

    form_token: str = ""
    once: str = ""


class VersionedForm(FormSent):
    """A form about what others change too, and the version of it that was shown."""

    version: str = ""

    def renew(self, status: int, newest: int) -> None:
        """Name the newest version, once it is told that there is one; before that, the shown one.

        So nobody overwrites what they have not been told of.
        """
        if status == STALE:
            self.version = str(newest)


class Refusal(BaseModel):
    """How a page answers a form that was refused."""

    status: int
    remarks: Remarks
    headers: dict[str, str] = {}

    @property
    def page(self) -> dict[str, Any]:
        """What the form's page takes to be shown again with what was said of it."""
        return {"status": self.status, "remarks": self.remarks, "headers": self.headers}


def refusal(
    problem: Refused | TooMany | Unavailable | ValidationError,
    visitor: Visitor,
    fields: Mapping[str, str],
    codes: Mapping[str, str] = NO_CODES,
) -> Refusal:
    """What to say, and where: `fields` are those of the form, by their names in the API.

    `codes` are the fields that a refusal is about as a whole, by its stable name.

    A ValidationError is that of the body that was to be sent: a number that is none, an empty id.
    Raises Refused again for a token that is not good: that is no matter of the form.
    """
    _ = visitor.gettext
    match problem:
        case TooMany(wait_seconds=seconds):
            headers = {"retry-after": str(seconds)}
            return Refusal(status=429, remarks={"form": _patience(seconds, _)}, headers=headers)
        case Unavailable():
            words = _(
                "服务暂时不可用，不确定是否已保存。请过几分钟再提交一次；重复提交不会办两次。"
            )
            return Refusal(status=503, remarks={"form": words})
        case ValidationError():
            english = visitor.language == ENGLISH
            reasons = {_name(one): reason(one, english=english) for one in problem.errors()}
            return Refusal(status=400, remarks=_remarks("", reasons, _, fields))
        case Refused(code="request-under-way"):
            return Refusal(status=503, remarks={"form": _(UNDER_WAY)})
        case Refused(status=status, title=title, code=code, fields=reasons):
            if problem.is_about_token:
                raise problem
            if code in codes:
                return Refusal(status=status, remarks={codes[code]: title})
            return Refusal(status=status, remarks=_remarks(title, reasons, _, fields))


def number(text: str) -> int | None:
    """A version that a form carries; None for what is none."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def id_in(text: str) -> UUID | None:
    """An id that a form carries; None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _name(error: Mapping[str, Any]) -> str:
    return ".".join(map(str, error["loc"]))


def _remarks(
    title: str, reasons: Mapping[str, str], gettext: Translate, fields: Mapping[str, str]
) -> Remarks:
    beside = {fields[name]: why for name, why in reasons.items() if name in fields}
    others = [f"{name}: {why}" for name, why in reasons.items() if name not in fields]
    if beside and not others:
        return beside
    title = title or gettext(N_("没有办成。请检查后再试一次。"))
    return beside | {"form": " ".join([title, *others])}


def _patience(seconds: int, gettext: Translate) -> str:
    if seconds <= SECONDS_STILL_TOLD:
        return gettext(N_("尝试次数过多，请在 %(seconds)s 秒后再试。")) % {"seconds": seconds}
    minutes = -(-seconds // 60)
    return gettext(N_("尝试次数过多，请在 %(minutes)s 分钟后再试。")) % {"minutes": minutes}
