"""Phone numbers: how they are kept, what is shown of them, and how one is looked for."""

import re
from dataclasses import dataclass
from typing import Final

from services.directory.domain.table_file import Reason

PHONE: Final = re.compile(r"\+?[0-9]{5,20}")
SERVICE_PHONE: Final = re.compile(r"\+?[0-9]([ -]?[0-9]){4,19}")
"""A duty line's number as people write it: a landline, a mobile, 400 or 12345."""

NO_PHONE: Final = Reason("这不是电话号码，请再看看。", "This is not a phone number.")

SHORTEST_MASKABLE: Final = 8
"""A number with fewer digits would be told by its first three and last four."""

_LAST_FOUR: Final = re.compile("[0-9]{4}")
_HERE: Final = "+86"


@dataclass(frozen=True, slots=True)
class PhoneWanted:
    """Whose phone ends so, or is one of these."""

    last_four: str | None = None
    whole: tuple[str, ...] = ()


def plain_phone(phone: str) -> str:
    """A number without the spaces and hyphens people write into it."""
    return re.sub(r"[\s-]", "", phone)


def masked_phone(phone: str | None) -> str | None:
    """138****1234 (`RELIABILITY.md` §2): enough to recognise, not enough to call."""
    if phone is None:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= SHORTEST_MASKABLE else "****"


def phone_wanted(words: str) -> PhoneWanted:
    """The phone that a search means: its last four digits, or all of it.

    Never another part: whoever may ask for five digits, then for six, reads the whole number
    without a trace.
    """
    digits = plain_phone(words)
    if _LAST_FOUR.fullmatch(digits):
        return PhoneWanted(last_four=digits)
    if not PHONE.fullmatch(digits):
        return PhoneWanted()
    short = digits.removeprefix(_HERE)
    return PhoneWanted(whole=tuple({digits, short, f"{_HERE}{short}"}))
