"""What every answer tells the browser: run and show what is ours, and nothing else."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "PAGE", "SafeHeaders"]

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
"""`RELIABILITY.md` §2, Console; and the manifest, which that leaves to `default-src`."""

PAGE: Final = "no-store"
"""What is about somebody is kept nowhere. Only what says otherwise itself is kept."""


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
                headers.setdefault("cache-control", PAGE)
            await send(message)

        await self._app(scope, receive, send_safely)
