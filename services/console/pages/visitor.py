"""Who looks at a page: their language, their session, and whether a form is really theirs."""

import secrets
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.console.clients import Caller, Services
from services.console.pages import templates, texts
from services.console.pages.cookies import Cookies
from services.console.pages.session import Renewals, Session

__all__ = ["Visiting", "Visitor"]

SESSION: Final = "session"
FORM_TOKEN: Final = "form-token"  # noqa: S105 - the cookie's name
LANGUAGE: Final = "language"

SESSION_SECONDS: Final = 30 * 24 * 3600
"""As long as the directory lets a session lie unused."""

LANGUAGE_SECONDS: Final = 365 * 24 * 3600


class Visitor:
    """One request's visitor. Change `session`, and the answer changes the cookie."""

    def __init__(self, request: Request) -> None:
        """Read what the browser sent."""
        self._request = request
        self._cookies = Cookies(request)
        self._wanted = request.query_params.get("lang")
        self.language = texts.chosen(
            self._wanted,
            self._cookies.get(LANGUAGE),
            request.headers.get("accept-language", ""),
        )
        self.gettext = texts.translator(self.language)
        self._brought = self.session = Session.unpacked(self._cookies.get(SESSION))
        self._brought_token = self._cookies.get(FORM_TOKEN)
        self.form_token = self._brought_token or secrets.token_urlsafe(32)

    @classmethod
    async def of(cls, request: Request) -> "Visitor":
        """The dependency of a page."""
        return cls(request)

    @property
    def services(self) -> Services:
        """The services to ask."""
        return self._request.app.state.services

    @property
    def renewals(self) -> Renewals:
        """The renewals of sessions that are under way."""
        return self._request.app.state.renewals

    @property
    def caller(self) -> Caller:
        """For whom the services are asked."""
        client = self._request.client
        return Caller(
            language=self.language,
            address=client.host if client else None,
            token=self.session.access_token if self.session else None,
        )

    def sent(self, form_token: str) -> bool:
        """Whether our own page in this browser sent the form: no other knows the cookie's value."""
        return (
            bool(self._brought_token)
            and secrets.compare_digest(form_token.encode(), self._brought_token.encode())
            and not _is_foreign(self._request)
        )

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page in the visitor's language."""
        text = templates.render(
            template,
            _=self.gettext,
            language=self.language,
            form_token=self.form_token,
            **context,
        )
        return self._with_cookies(HTMLResponse(text, status))

    def go_on(self, path: str = "/") -> Response:
        """The answer to a form that was taken: go and look, so that a reload sends nothing."""
        return self._with_cookies(RedirectResponse(path, 303))

    def _with_cookies(self, answer: Response) -> Response:
        cookies = self._cookies
        if self.session is None:
            cookies.forget(answer, SESSION)
        elif self.session != self._brought:
            packed = self.session.packed()
            cookies.put(answer, SESSION, packed, kept_seconds=SESSION_SECONDS)
        if self.form_token != self._brought_token:
            cookies.put(answer, FORM_TOKEN, self.form_token, kept_seconds=None)
        if self._wanted == self.language:
            cookies.put(answer, LANGUAGE, self.language, kept_seconds=LANGUAGE_SECONDS)
        return answer


Visiting = Annotated[Visitor, Depends(Visitor.of)]


def _is_foreign(request: Request) -> bool:
    """Whether the browser names another site as the form's. The scheme is the edge's business."""
    origin = request.headers.get("origin")
    if origin is None:
        return False  # some browsers name none; the token decides
    try:
        return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    except ValueError:
        return True
