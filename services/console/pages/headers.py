"""What every answer tells the browser: run and show what is ours, and nothing else."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "SafeHeaders"]

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
"""`RELIABILITY.md` §2, Console."""

BAD_REQUEST: Final = 400
PAGE: Final = "no-store"
STATIC: Final = "no-cache"
"""Kept, but asked about before use: a new release changes files under the same name."""


class SafeHeaders:
    """Adds the headers to every answer of `app`, whoever makes it."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                is_file = scope["path"].startswith("/static/") and message["status"] < BAD_REQUEST
                headers["cache-control"] = STATIC if is_file else PAGE
            await send(message)

        await self._app(scope, receive, send_safely)
