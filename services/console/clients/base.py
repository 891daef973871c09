"""How the services are asked: with a time limit, for a caller, counted; and what came of it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import quote

import httpx
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.console.clients.problems import Refused, TooMany, Unavailable, refusal
from shared.telemetry import current_traceparent

__all__ = [
    "SERVICES",
    "Caller",
    "Connection",
    "Content",
    "Files",
    "Health",
    "Refused",
    "TooMany",
    "Unavailable",
    "at",
    "connected",
]

SERVICES: Final = ("directory", "requests", "volunteers", "points", "notify")

HEALTH_SECONDS: Final = 2.0
CALL_SECONDS: Final = 8.0
"""A page that waits longer is given up by whoever reads it."""

FILE_SECONDS: Final = 60.0
"""A file of twenty thousand rows is worked in within; whoever sent it knows that it takes long."""

type Query = Mapping[str, object]
"""Values by name; None is left out."""

type Content = tuple[str, bytes]
"""A body that is no JSON: its media type and its bytes."""

type Files = Mapping[str, tuple[str, bytes, str]]
"""Files of a multipart body by field: name, bytes, media type."""


class Health(StrEnum):
    """How a service is."""

    WELL = "well"
    FAILING = "failing"
    """It answers, and says that a part of it does not work."""
    UNAVAILABLE = "unavailable"


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


class _Readiness(BaseModel):
    """What a service says of itself."""

    ready: bool


class Connection:
    """Every service, at one origin."""

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

    async def ask[T](
        self,
        method: str,
        path: str,
        caller: Caller,
        answer: type[T],
        *,
        query: Query | None = None,
        body: BaseModel | None = None,
        content: Content | None = None,
        files: Files | None = None,
        idempotency_key: str | None = None,
        version: int | None = None,
    ) -> T:
        """What a service answers, read as `answer`; `bytes` as it is.

        `idempotency_key` makes a repetition harmless; `version` is the one that the caller has
        seen, and a newer one refuses with 412. Raises Unavailable, Refused or TooMany.
        """
        headers = caller.headers()
        if idempotency_key:
            headers["idempotency-key"] = idempotency_key
        if version is not None:
            headers["if-match"] = f'"{version}"'
        seconds = CALL_SECONDS if content is None else FILE_SECONDS
        if body is not None:
            content = ("application/json", body.model_dump_json(exclude_unset=True).encode())
        if content is not None:
            headers["content-type"] = content[0]
        found = await self._call(
            method,
            path,
            seconds,
            headers=headers,
            params={name: value for name, value in (query or {}).items() if value is not None},
            content=content[1] if content else None,
            files=files,
        )
        return _read(answer, found)

    async def health(self) -> dict[str, Health]:
        """How each service is, asked side by side."""
        found = await asyncio.gather(*(self._health(one) for one in SERVICES))
        return dict(zip(SERVICES, found, strict=True))

    async def _health(self, service: str) -> Health:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                answer = await self._http.get(f"/api/{service}/readyz")
            ready = _read(_Readiness, answer).ready
        except (httpx.HTTPError, TimeoutError, Unavailable):
            return Health.UNAVAILABLE
        return Health.WELL if ready and answer.is_success else Health.FAILING

    async def _call(self, method: str, path: str, seconds: float, **request: Any) -> httpx.Response:
        service = path.split("/", 3)[2]
        try:
            async with asyncio.timeout(seconds):
                answer = await self._http.request(method, path, timeout=seconds, **request)
        except (httpx.HTTPError, TimeoutError) as error:
            self._calls.labels(service, "unavailable").inc()
            raise Unavailable(service) from error
        self._calls.labels(service, f"{answer.status_code // 100}xx").inc()
        if answer.is_success:
            return answer
        if answer.is_client_error:
            raise refusal(answer)
        raise Unavailable(service)


@asynccontextmanager
async def connected(
    origin: str, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncGenerator[Connection]:
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
        yield Connection(http)


async def _continue_trace(request: httpx.Request) -> None:
    if traceparent := current_traceparent():
        request.headers["traceparent"] = traceparent


def at(value: str | int) -> str:
    """`value` as one step of a path, whatever it holds. Raises Refused for a step back."""
    step = str(value)
    if not step.strip("."):
        raise Refused(404, "")
    return quote(step, safe="")


@cache
def _adapter[T](kind: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(kind)


def _read[T](kind: type[T], answer: httpx.Response) -> T:
    if kind is bytes:
        return answer.content  # pyright: ignore[reportReturnType] - T is bytes
    if kind is type(None):
        return None  # pyright: ignore[reportReturnType] - T is None
    try:
        return _adapter(kind).validate_json(answer.content)
    except ValidationError as error:
        raise Unavailable(kind.__name__) from error
