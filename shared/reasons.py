"""What may be told of an error: its kind and its place, never the values in its message.

A driver's message repeats what it was given (`invalid input for query argument $1: …`), and that
may be what people wrote.
"""

import traceback

from shared.database import sqlstate
from shared.problems import Problem

__all__ = ["place_of", "reason_of", "told"]


def reason_of(error: BaseException) -> str:
    """The class of an error, with its code, SQLSTATE or error number of JetStream."""
    code = (
        error.code()
        if isinstance(error, Problem)
        else sqlstate(error) or getattr(error, "err_code", None)
    )
    return type(error).__name__ + (f" ({code})" if code else "")


def place_of(error: BaseException) -> list[str]:
    """Where it was raised, outermost first: a traceback without its last line."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{one.filename}:{one.lineno} {one.name}" for one in frames]


def told(error: BaseException) -> dict[str, object]:
    """Both, as the fields of a log line."""
    return {"error": reason_of(error), "at": place_of(error)}
