"""What may come of a call instead of its answer, in words for the page."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
from pydantic import BaseModel, ValidationError

__all__ = ["Refused", "TooMany", "Unavailable", "refusal"]

NOT_SIGNED_IN: Final = 401
TOO_MANY: Final = 429
USUAL_WAIT_SECONDS: Final = 60
LONGEST_WAIT_DIGITS: Final = 5


class Unavailable(Exception):  # noqa: N818 - a word for the page, as the two below
    """A service does not answer, or not in the form that its API document promises."""


class Refused(Exception):  # noqa: N818 - see above
    """A service says no.

    `title` says why, in the language that was asked for; `code` is the problem's stable name
    (`already-claimed`); `fields` says what is wrong with single fields, by their names in the API.
    """

    def __init__(
        self, status: int, title: str, code: str = "", fields: Mapping[str, str] | None = None
    ) -> None:
        """Take what the problem details say."""
        super().__init__(status, code)
        self.status = status
        self.title = title
        self.code = code
        self.fields = dict(fields or {})

    @property
    def is_about_token(self) -> bool:
        """Whether the caller's token is not good (any more); a wrong password is another matter."""
        return self.status == NOT_SIGNED_IN and self.code in {"", "not-signed-in"}


class TooMany(Exception):  # noqa: N818 - see above
    """A service asks for patience."""

    def __init__(self, wait_seconds: int) -> None:
        """Take how long to wait."""
        super().__init__(wait_seconds)
        self.wait_seconds = wait_seconds


class _FieldError(BaseModel):
    field: str
    reason: str


class _ProblemDetails(BaseModel):
    type: str = ""
    title: str = ""
    errors: tuple[_FieldError | dict[str, Any], ...] = ()
    """Of fields; an import's are of rows, and are not told here."""


def refusal(answer: httpx.Response) -> Refused | TooMany:
    """What a 4xx answer says, as RFC 9457 problem details or not."""
    if answer.status_code == TOO_MANY:
        return TooMany(_wait_seconds(answer))
    try:
        details = _ProblemDetails.model_validate_json(answer.content)
    except ValidationError:
        return Refused(answer.status_code, "")
    return Refused(
        answer.status_code,
        details.title,
        details.type.rpartition(":")[2],
        {one.field: one.reason for one in reversed(details.errors) if isinstance(one, _FieldError)},
    )


def _wait_seconds(answer: httpx.Response) -> int:
    told = answer.headers.get("retry-after", "")
    is_number = told.isdecimal() and len(told) <= LONGEST_WAIT_DIGITS
    return int(told) if is_number else USUAL_WAIT_SECONDS
