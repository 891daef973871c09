"""Who looks at a page: their language and text size, their session, their community."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.console.clients import Caller, Refused, Services, TooMany, Unavailable
from services.console.clients.models.notify import UnreadView
from services.console.pages import templates, texts
from services.console.pages.cookies import Cookies
from services.console.pages.parts import navigation
from services.console.pages.parts.part import Part, part
from services.console.pages.session import Renewals, Session
from services.console.pages.titles import Titles
from services.console.pages.who import Who
from shared import clock, ids

__all__ = ["Visiting", "Visitor"]

SESSION: Final = "session"
FORM_TOKEN: Final = "form-token"  # noqa: S105 - the cookie's name
LANGUAGE: Final = "language"
TEXT: Final = "text"
LARGE: Final = "large"
COMMUNITY: Final = "community"

SESSION_SECONDS: Final = 30 * 24 * 3600
"""As long as the directory lets a session lie unused."""

UNREAD_SECONDS: Final = 0.5
CHOICE_SECONDS: Final = 365 * 24 * 3600


class Visitor:
    """One request's visitor. Change `session`, and the answer changes the cookie."""

    def __init__(self, request: Request) -> None:
        """Read what the browser sent."""
        self._request = request
        self._cookies = Cookies(request)
        wanted = request.query_params
        self.language = texts.chosen(
            wanted.get("lang"),
            self._cookies.get(LANGUAGE),
            request.headers.get("accept-language", ""),
        )
        self.is_large = wanted.get("text", self._cookies.get(TEXT)) == LARGE
        catalogue = texts.translations(self.language)
        self.gettext = catalogue.gettext
        self.ngettext = catalogue.ngettext
        self._brought = self.session = Session.unpacked(self._cookies.get(SESSION))
        self.brought_token = self._cookies.get(FORM_TOKEN)
        self.form_token = self.brought_token or secrets.token_urlsafe(32)
        self.once = secrets.token_urlsafe(16)
        """The Idempotency-Key of the next form; a form that is shown again keeps its own."""
        self.was_renewed = False
        self.unread: Part[UnreadView] | None = None
        """How many notices are unread; None: nobody asked."""

    @classmethod
    async def of(cls, request: Request) -> "Visitor":
        """The dependency of a page; one for each request, its errors included."""
        return cls.now(request)

    @classmethod
    def now(cls, request: Request) -> "Visitor":
        """The visitor of a request, as far as its page got with them."""
        if not hasattr(request.state, "visitor"):
            request.state.visitor = cls(request)
        return request.state.visitor

    @property
    def services(self) -> Services:
        """The services to ask."""
        return self._request.app.state.services

    @property
    def titles(self) -> Titles:
        """What communities are called."""
        return self._request.app.state.titles

    @property
    def caller(self) -> Caller:
        """For whom the services are asked."""
        client = self._request.client
        return Caller(
            language=self.language,
            address=client.host if client else None,
            token=self.session.access_token if self.session else None,
        )

    @property
    def who(self) -> Who | None:
        """Who is signed in."""
        return Who.of(self.session.access_token) if self.session else None

    @property
    def community(self) -> str:
        """The slug of the community that the page is about; empty for a page about none."""
        return self._request.path_params.get("community", "")

    @property
    def place(self) -> str:
        """The community whose ways are shown: the page's, else the last one, else the first."""
        theirs = list(self.who.memberships) if self.who else []
        kept = self._cookies.get(COMMUNITY)
        return self.community or (kept if kept in theirs else "".join(theirs[:1]))

    @property
    def roles(self) -> frozenset[str]:
        """The visitor's roles there."""
        return self.who.roles_in(self.place) if self.who else frozenset()

    @property
    def live(self) -> str:
        """Where the page is told what changes from now on; empty for whoever is nowhere."""
        if self.who is None or not self.place:
            return ""
        now = ids.first_id_at(clock.now())
        return f"/in/{self.place}/live?after={now}~~{now}"

    @property
    def wants_page(self) -> bool:
        """Whether the browser asks for a page, and not for a picture in one."""
        return "text/html" in self._request.headers.get("accept", "")

    @property
    def is_partial(self) -> bool:
        """Whether the script asks for a block of a page, not for all of it (htmx 4)."""
        return self._request.headers.get("hx-request-type") == "partial"

    def is_at(self, path: str) -> bool:
        """Whether this is the page at `path`, or one below it."""
        own = self._request.url.path
        return own == path or (not path.endswith("/") and own.startswith(f"{path}/"))

    def here(self, **changed: str) -> str:
        """The address of this page with other parameters; what took a form is also a page."""
        parameters = dict(self._request.query_params) | changed
        path = "/" + self._request.url.path.lstrip("/")  # two slashes would begin another site
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def outside(self, path: str) -> str:
        """The whole address of `path`, for paper: as this visitor found us, in a safe way."""
        scheme = "https" if self._cookies.are_secure else "http"
        return f"{scheme}://{self._request.url.netloc}{path}"

    def parameter(self, name: str) -> str:
        """A parameter of the page's address; empty when there is none."""
        return self._request.query_params.get(name, "")

    async def renew(self) -> None:
        """Continue a session whose token is over. Raises Refused, TooMany or Unavailable."""
        renewals: Renewals = self._request.app.state.renewals
        if self.session and (self.session.is_over() or self.who is None):
            self.session = await renewals.renew(self.session, self.caller)
            self.was_renewed = True

    async def learn_roles(self) -> None:
        """Continue a session whose token does not know yet what its owner has become."""
        before = self.session
        self.session = before.ended() if before else None
        try:
            await self.renew()
        except (Refused, TooMany, Unavailable):
            self.session = before  # it ends by itself, and is renewed then

    async def count_unread(self) -> None:
        """Ask how many notices are unread. No page waits long for that."""
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                self.unread = await part(self.services.notify.count_unread(self.caller))
        except TimeoutError:
            self.unread = Part(None)

    def page(
        self,
        template: str,
        status: int = 200,
        *,
        block: str | None = None,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """A page in the visitor's language; of `block` only, where the script asks for it."""
        text = templates.render(
            self.language,
            template,
            block if self.is_partial else None,
            visitor=self,
            tabs=navigation.tabs(self.place, self.roles),
            form_token=self.form_token,
            once=self.once,
            **({"remarks": {}} | context),
        )
        return self.with_cookies(HTMLResponse(text, status, headers))

    def go_on(self, path: str = "/") -> Response:
        """The answer to a form that was taken: go and look, so that a reload sends nothing."""
        return self.with_cookies(RedirectResponse(path, 303))

    def with_cookies(self, answer: Response) -> Response:
        """`answer`, with what has changed about the visitor."""
        cookies = self._cookies
        if self.session is None:
            cookies.forget(answer, SESSION)
        elif self.session != self._brought:
            packed = self.session.packed()
            cookies.put(answer, SESSION, packed, kept_seconds=SESSION_SECONDS)
        if self.form_token != self.brought_token:
            cookies.put(answer, FORM_TOKEN, self.form_token, kept_seconds=None)
        if self.who and self.community in self.who.memberships:
            cookies.keep(answer, COMMUNITY, self.community, kept_seconds=CHOICE_SECONDS)
        wanted = self._request.query_params
        if wanted.get("lang") == self.language:
            cookies.put(answer, LANGUAGE, self.language, kept_seconds=CHOICE_SECONDS)
        if "text" in wanted:
            size = LARGE if self.is_large else "normal"
            cookies.put(answer, TEXT, size, kept_seconds=CHOICE_SECONDS)
        return answer


Visiting = Annotated[Visitor, Depends(Visitor.of)]
