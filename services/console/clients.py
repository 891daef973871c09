"""The services' public APIs, as far as the pages use them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from uuid import UUID

import httpx
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, ValidationError

from shared.telemetry import current_traceparent

__all__ = [
    "SERVICES",
    "Caller",
    "Health",
    "Me",
    "Refused",
    "Services",
    "Tokens",
    "TooMany",
    "Unavailable",
    "connected",
]

SERVICES: Final = ("directory", "requests", "volunteers", "points", "notify")

HEALTH_SECONDS: Final = 2.0
CALL_SECONDS: Final = 8.0
"""A page that waits longer is given up by whoever reads it."""

TOO_MANY: Final = 429
USUAL_WAIT_SECONDS: Final = 60
LONGEST_WAIT_DIGITS: Final = 5


class Unavailable(Exception):  # noqa: N818 - a word for the page, as the two below
    """A service does not answer, or not in the form that its API document promises."""


class Refused(Exception):  # noqa: N818 - see above
    """A service says no; `title` says why, in the language that was asked for."""

    def __init__(self, status: int, title: str) -> None:
        """Take the answer's status and title."""
        super().__init__(status, title)
        self.status = status
        self.title = title


class TooMany(Exception):  # noqa: N818 - see above
    """A service asks for patience."""

    def __init__(self, wait_seconds: int) -> None:
        """Take how long to wait."""
        super().__init__(wait_seconds)
        self.wait_seconds = wait_seconds


class Health(StrEnum):
    """How a service is."""

    WELL = "well"
    FAILING = "failing"
    """It answers, and says that a part of it does not work."""
    UNAVAILABLE = "unavailable"


class Tokens(BaseModel):
    """What a sign-in gives; `expires_in` is the access token's, in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Membership(BaseModel):
    """What somebody is in one community."""

    community: str
    title: str
    roles: Sequence[str]


class Me(BaseModel):
    """Who is signed in."""

    id: UUID
    name: str
    memberships: Sequence[Membership] = ()
    platform_roles: Sequence[str] = ()


class Readiness(BaseModel):
    """What a service says of itself."""

    ready: bool


class Caller(BaseModel):
    """For whom a page asks: the language of the answers, and whose attempts are counted."""

    language: str
    address: str | None = None
    token: str | None = None

    def headers(self) -> dict[str, str]:
        """As HTTP says it; services behind the edge believe its address, as they do the edge's."""
        headers = {"accept-language": self.language}
        if self.address:
            headers["x-forwarded-for"] = self.address
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return headers


class Services:
    """Every service, at one origin. Each call raises Unavailable, Refused or TooMany."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Take a client whose base is the origin."""
        self._http = http
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "jinlin_console_calls",
            "Calls to the services, by what came of them.",
            ["service", "outcome"],
            registry=self.registry,
        )

    async def sign_in(self, login_name: str, password: str, caller: Caller) -> Tokens:
        """Begin a session. Refused with 401: the name or the password is wrong."""
        body = {"login_name": login_name, "password": password}
        return await self._post("directory", "sign-in", body, caller, Tokens)

    async def refresh(self, refresh_token: str, caller: Caller) -> Tokens:
        """Continue a session; a refresh token is good for one use."""
        body = {"refresh_token": refresh_token}
        return await self._post("directory", "refresh", body, caller, Tokens)

    async def sign_out(self, refresh_token: str, caller: Caller) -> None:
        """End a session."""
        body = {"refresh_token": refresh_token}
        await self._call("POST", "directory", "sign-out", json=body, headers=caller.headers())

    async def me(self, caller: Caller) -> Me:
        """Who is signed in. Refused with 401: the token is not good, or not any more."""
        answer = await self._call("GET", "directory", "me", headers=caller.headers())
        return _read(Me, answer)

    async def health(self) -> dict[str, Health]:
        """How each service is, asked side by side."""
        found = await asyncio.gather(*(self._health(one) for one in SERVICES))
        return dict(zip(SERVICES, found, strict=True))

    async def _health(self, service: str) -> Health:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                answer = await self._http.get(f"/api/{service}/readyz")
            ready = _read(Readiness, answer).ready
        except (httpx.HTTPError, TimeoutError, Unavailable):
            return Health.UNAVAILABLE
        return Health.WELL if ready and answer.is_success else Health.FAILING

    async def _post[M: BaseModel](
        self, service: str, path: str, body: dict[str, str], caller: Caller, model: type[M]
    ) -> M:
        answer = await self._call("POST", service, path, json=body, headers=caller.headers())
        return _read(model, answer)

    async def _call(self, method: str, service: str, path: str, **content: Any) -> httpx.Response:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._http.request(method, f"/api/{service}/{path}", **content)
        except (httpx.HTTPError, TimeoutError) as error:
            self._calls.labels(service, "unavailable").inc()
            raise Unavailable(service) from error
        self._calls.labels(service, f"{answer.status_code // 100}xx").inc()
        if answer.is_success:
            return answer
        if answer.status_code == TOO_MANY:
            raise TooMany(_wait_seconds(answer))
        if answer.is_client_error:
            raise Refused(answer.status_code, _title(answer))
        raise Unavailable(service)


@asynccontextmanager
async def connected(
    origin: str, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncGenerator[Services]:
    """The services below `origin`, until the pages stop."""
    async with httpx.AsyncClient(
        base_url=origin,
        transport=transport,
        timeout=CALL_SECONDS,
        # One client speaks for everybody: it keeps nobody's cookies, and takes no way round.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
        event_hooks={"request": [_continue_trace]},
    ) as http:
        yield Services(http)


async def _continue_trace(request: httpx.Request) -> None:
    if traceparent := current_traceparent():
        request.headers["traceparent"] = traceparent


def _read[M: BaseModel](model: type[M], answer: httpx.Response) -> M:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise Unavailable(model.__name__) from error


class _ProblemDetails(BaseModel):
    title: str = ""


def _title(answer: httpx.Response) -> str:
    try:
        return _ProblemDetails.model_validate_json(answer.content).title
    except ValidationError:
        return ""


def _wait_seconds(answer: httpx.Response) -> int:
    told = answer.headers.get("retry-after", "")
    is_number = told.isdecimal() and len(told) <= LONGEST_WAIT_DIGITS
    return int(told) if is_number else USUAL_WAIT_SECONDS
