"""No body is larger than a service can hold in memory."""

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.answers import problem_answer
from shared.photos.limits import LARGEST_FORM_BYTES
from shared.photos.words import FIELD, PhotoTooLarge
from shared.problems import Problem, TooLarge

__all__ = ["LARGEST_BODY_BYTES", "BodyLimit"]

LARGEST_BODY_BYTES: Final = 1024 * 1024


class BodyLimit:
    """Refuses a body over 1 MB, whether its length was announced or not; a photo has 8 MB."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received; answer 413 as soon as it is too much."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest, problem = _limit(scope)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > largest:
            await problem_answer(Request(scope), problem)(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise problem
            return message

        await self._app(scope, receive_counted, send)


def _limit(scope: Scope) -> tuple[int, Problem]:
    """How large a body may be, and what is said of a larger one."""
    if scope["method"] == "POST" and scope["path"].endswith("/photos"):
        return LARGEST_FORM_BYTES, PhotoTooLarge(FIELD)
    return LARGEST_BODY_BYTES, TooLarge()
