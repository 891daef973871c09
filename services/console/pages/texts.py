"""What the pages say: Chinese stands in code and templates, English in `locale/en`.

As gettext has it: `_("…")` looks a sentence up, `N_("…")` marks one that is looked up later. The
catalogue is read at the start; `python -m deploy.translations` keeps it in step with the pages.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

__all__ = ["CHINESE", "ENGLISH", "LOCALE", "NOT_OURS", "NO_SIGN_IN", "N_", "chosen", "translations"]

CHINESE: Final = "zh-CN"
ENGLISH: Final = "en"

LOCALE: Final = Path(__file__).parents[1] / "locale"


def N_(sentence: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark a sentence for the catalogue."""
    return sentence


NO_SIGN_IN: Final = N_("现在无法登录：登录服务不可用。请过几分钟再试；有急事请直接打电话给社区。")
NOT_OURS: Final = N_(
    "页面已过期，刚才的操作没有执行。请再试一次；如果还不行，请允许浏览器使用 Cookie。"
)


@cache
def translations(language: str) -> NullTranslations:
    """The `gettext` and `ngettext` of a language; Chinese is as it was written."""
    if language == CHINESE:
        return NullTranslations()
    with (LOCALE / language / "LC_MESSAGES" / "console.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    machine_readable = BytesIO()
    write_mo(machine_readable, catalogue)
    machine_readable.seek(0)
    return GNUTranslations(machine_readable)


def chosen(wanted: str | None, kept: str, accepted: str) -> str:
    """The language of a page: asked for now, else before, else the browser's; else Chinese."""
    for tag in (wanted, kept):
        if tag in {CHINESE, ENGLISH}:
            return tag
    return _first_accepted(accepted)


def _first_accepted(accepted: str) -> str:
    """The better liked of our languages in an Accept-Language header."""
    liked: list[tuple[float, str]] = []
    for one in accepted.lower().split(","):
        tag, _, quality = one.partition(";")
        language = tag.strip().partition("-")[0]
        if language in {"zh", "en"}:
            liked.append((_quality(quality), language))
    best, language = max(liked, key=lambda pair: pair[0], default=(0.0, "zh"))
    return ENGLISH if language == "en" and best > 0 else CHINESE


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
