"""The public API as a person uses it: signed in, and patient when a service is not there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from deploy.foreseen import Foreseen

__all__ = ["Api", "NoAnswer", "Refused", "Session"]

TRIES: Final = 20
PAUSE_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 3
TOGETHER: Final = 4
"""How many calls are under way at once: a busy afternoon, not a flood."""


class Refused(Foreseen):
    """The platform refused a call; says which one and why."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        """Take what to say, and the answer's status if there was an answer."""
        super().__init__(sentence)
        self.status = status


class NoAnswer(Foreseen):
    """No platform is at an address; says which."""


class Api:
    """The platform at one origin."""

    def __init__(self, origin: str) -> None:
        """Take the address, for example `http://127.0.0.1:8000`."""
        self.origin = origin.rstrip("/")
        self._client = httpx.AsyncClient(
            base_url=f"{self.origin}/api", timeout=30, limits=httpx.Limits(max_connections=TOGETHER)
        )
        self._turns = asyncio.Semaphore(TOGETHER)

    async def __aenter__(self) -> Self:
        """Open the connections."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        await self._client.aclose()

    async def knock(self) -> None:
        """Return if a platform is there. Raises NoAnswer within about three seconds."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._client.get(f"{self.origin}/livez")
        except (httpx.TransportError, TimeoutError):
            raise NoAnswer(f"No platform answers at {self.origin}") from None
        if not answer.is_success:
            raise NoAnswer(f"No platform answers at {self.origin}: something else is there")

    async def call(
        self, method: str, path: str, *, token: str | None = None, **content: Any
    ) -> httpx.Response:
        """One call with one idempotency key, repeated while a service is away (502, 503).

        Raises Refused for any other answer that is not a success.
        """
        headers = {"accept-language": "en"} | content.pop("headers", {})
        if token:
            headers["authorization"] = f"Bearer {token}"
        if method == "POST":
            headers["idempotency-key"] = str(uuid4())
        for _ in range(TRIES):
            async with self._turns:
                answer = await self._tried(method, path, headers=headers, **content)
            if answer is not None:
                if answer.is_success:
                    return answer
                status = answer.status_code
                raise Refused(f"{method} {path}: {status} {answer.text[:500]}", status)
            await asyncio.sleep(PAUSE_SECONDS)
        raise Refused(f"{method} {path}: the platform did not come back")

    async def _tried(self, method: str, path: str, **content: Any) -> httpx.Response | None:
        """The answer, or None when the service is away or still busy with this very call."""
        try:
            answer = await self._client.request(method, path, **content)
        except httpx.TransportError:
            return None
        away = answer.status_code in {502, 503, 504}
        under_way = (
            answer.status_code == 409 and "request-under-way" in answer.text  # noqa: PLR2004
        )
        return None if away or under_way else answer

    async def sign_in(self, name: str, password: str) -> "Session":
        """A session of somebody with a password."""
        answer = await self.call(
            "POST", "/directory/sign-in", json={"login_name": name, "password": password}
        )
        return await Session.of(self, answer.json())

    async def accept_invitation(self, code: str) -> "Session":
        """A session of somebody who was given a one-time code."""
        answer = await self.call("POST", "/directory/sign-in/invitation", json={"code": code})
        return await Session.of(self, answer.json())


@dataclass
class Session:
    """One person, signed in."""

    api: Api
    person_id: str
    token: str
    refresh_token: str

    @classmethod
    async def of(cls, api: Api, tokens: dict[str, Any]) -> Self:
        """The session that an answer with tokens began."""
        token = tokens["access_token"]
        me = (await api.call("GET", "/directory/me", token=token)).json()
        return cls(api, me["id"], token, tokens["refresh_token"])

    async def get(self, path: str, **query: Any) -> Any:
        """Read."""
        return (await self._call("GET", path, params=query)).json()

    async def post(self, path: str, body: Any = None) -> Any:
        """Do."""
        answer = await self._call("POST", path, json=body)
        return answer.json() if answer.content else None

    async def put(self, path: str, body: Any) -> Any:
        """Change."""
        return (await self._call("PUT", path, json=body)).json()

    async def post_csv(self, path: str, text: str, **query: Any) -> Any:
        """Import a table."""
        headers = {"content-type": "text/csv; charset=utf-8"}
        answer = await self._call(
            "POST", path, content=text.encode(), headers=headers, params=query
        )
        return answer.json()

    async def post_photo(self, path: str, photo: bytes) -> Any:
        """Add a photo."""
        answer = await self._call("POST", path, files={"photo": ("photo.jpg", photo)})
        return answer.json()

    async def pages(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Every item of a list, page by page."""
        after: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=100, **query, **after)
            for item in page["items"]:
                yield item
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    async def everything(self, path: str, **query: Any) -> list[Any]:
        """The whole list."""
        return [item async for item in self.pages(path, **query)]

    async def _call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call with this person's token; an expired one is refreshed once."""
        try:
            return await self.api.call(method, path, token=self.token, **content)
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
        fresh = await self.api.call(
            "POST", "/directory/refresh", json={"refresh_token": self.refresh_token}
        )
        self.token = fresh.json()["access_token"]
        self.refresh_token = fresh.json()["refresh_token"]
        return await self.api.call(method, path, token=self.token, **content)
