"""No body is larger than a process can hold, and nobody waits who would wait in vain."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.answers import problem_answer
from shared.database import Database
from shared.photos.limits import LARGEST_FORM_BYTES
from shared.photos.words import FIELD, PhotoTooLarge
from shared.problems import Problem, TooLarge, Unavailable

__all__ = ["LARGEST_BODY_BYTES", "BodyLimit", "CrowdLimit"]

LARGEST_BODY_BYTES: Final = 1024 * 1024

type Limit = tuple[int, Problem]
"""How large a body may be, and what is said of a larger one."""


class BodyLimit:
    """Refuses a body that is too large, whether its length was announced or not."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit_of: Callable[[Scope], Limit] | None = None,
        answer: Callable[[Request, Problem], Response] = problem_answer,
        most_together_bytes: int | None = None,
    ) -> None:
        """Stand before `app`; without `limit_of` as a service: 1 MB, and 8 MB for a photo.

        `most_together_bytes`: of all bodies that are under way at a time; None: any.
        """
        self._app = app
        self._limit_of = limit_of or _limit_of_service
        self._answer = answer
        self._together = _Together(most_together_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is received; answer 413 as soon as it is too much, 503 for all together."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self._limit_of(scope), receive, send, self._together)
        body.look_at(scope)
        try:
            if body.refused is None:
                await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refused is None:
                raise
        finally:
            self._together.size -= body.size
        if body.refused and not body.is_answered:
            await self._answer(Request(scope), body.refused)(scope, receive, send)


class CrowdLimit:
    """Refuses calls at once while it takes too long to get to the database (ADR 0013).

    Who is refused after a wait has cost nearly as much as who is served: then the more ask again,
    the fewer are served.
    """

    def __init__(self, app: ASGIApp, *, database: Database) -> None:
        """Stand before `app`; who asks for its health or its figures is always let in."""
        self._app = app
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call in, or answer 503."""
        if self._database.is_crowded and scope["type"] == "http" and not _is_of_health(scope):
            await problem_answer(Request(scope), Unavailable())(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@dataclass(slots=True)
class _Together:
    """All bodies that are under way."""

    most: int | None
    size: int = 0

    def is_full(self) -> bool:
        return self.most is not None and self.size > self.most


class _Body:
    """One body on its way to the app: `refused` says why the app never sees its end."""

    def __init__(self, limit: Limit, receive: Receive, send: Send, together: _Together) -> None:
        self._largest, self._problem = limit
        self._receive = receive
        self._send = send
        self._together = together
        self.size = 0
        self.refused: Problem | None = None
        self.is_answered = False

    def look_at(self, scope: Scope) -> None:
        """Refuse what says of itself that it is too large."""
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._largest:
            self.refused = self._problem

    async def receive(self) -> Message:
        """The next piece. Raises the problem."""
        message = await self._receive()
        size = len(message.get("body", b""))
        self.size += size
        self._together.size += size
        if self.size > self._largest:
            self.refused = self._problem
        elif self._together.is_full():
            self.refused = Unavailable()
        if self.refused:
            raise self.refused
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the app answers, unless it speaks of a body whose end it has not seen."""
        if self.refused is None or self.is_answered:
            self.is_answered = True
            await self._send(message)


def _is_of_health(scope: Scope) -> bool:
    return scope["path"].endswith(("/livez", "/readyz", "/metrics"))


def _limit_of_service(scope: Scope) -> Limit:
    if scope["method"] == "POST" and scope["path"].endswith("/photos"):
        return LARGEST_FORM_BYTES, PhotoTooLarge(FIELD)
    return LARGEST_BODY_BYTES, TooLarge()
