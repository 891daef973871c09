"""The real directory: its operator signs in, opens communities and brings people in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from shared import ids
from tests.support.platform import Platform, eventually

OPERATOR = {"login_name": "operator", "password": "correct horse battery"}


@dataclass
class Directory:
    """The directory of a test run, asked over HTTP as whoever holds a token."""

    platform: Platform
    operator: str = ""

    async def ask(
        self, method: str, path: str, token: str | None = None, **request: Any
    ) -> httpx.Response:
        async with await self.platform.client("directory", token) as client:
            return await client.request(method, path, **request)

    async def made(self, path: str, token: str, body: Any) -> dict[str, Any]:
        answer = await self.ask("POST", path, token, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()


@dataclass
class Town:
    """One community of a test, in the real directory."""

    directory: Directory
    slug: str
    root_id: UUID
    staff: str = ""

    async def ask(self, method: str, path: str, token: str | None = None, **request: Any):
        return await self.directory.ask(
            method, f"/{self.slug}{path}", self.staff if token is None else token, **request
        )

    async def person(self, *roles: str, **fields: Any) -> dict[str, Any]:
        """A new member, as the operator adds them."""
        return await self.directory.made(
            f"/{self.slug}/people",
            self.directory.operator,
            {"name": "张桂兰", "roles": roles} | fields,
        )

    async def code(self, person_id: str) -> str:
        invitation = await self.directory.made(
            f"/{self.slug}/people/{person_id}/invitation", self.directory.operator, None
        )
        return invitation["code"]

    async def tokens(self, person_id: str) -> dict[str, Any]:
        code = await self.code(person_id)
        answer = await self.directory.ask("POST", "/sign-in/invitation", json={"code": code})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def signed_in(self, *roles: str, **fields: Any) -> tuple[dict[str, Any], str]:
        """A new member and their token."""
        person = await self.person(*roles, **fields)
        return person, (await self.tokens(person["id"]))["access_token"]

    async def place(self, kind: str = "compound", **fields: Any) -> dict[str, Any]:
        body = {"kind": kind, "title": "宇辉星城", "code": ids.new_id().hex[-8:]} | fields
        return await self.directory.made(f"/{self.slug}/places", self.staff, body)


@pytest_asyncio.fixture(scope="session")
async def directory(platform: Platform) -> AsyncIterator[Directory]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JINLIN_OPERATOR_NAME", OPERATOR["login_name"])
        environment.setenv("JINLIN_OPERATOR_PASSWORD", OPERATOR["password"])
        await platform.app("directory")
    running = Directory(platform)

    async def sign_in() -> str:
        answer = await running.ask("POST", "/sign-in", json=OPERATOR)
        return answer.json().get("access_token", "")

    async def exists() -> Any:
        return await platform.rows("directory", "SELECT 1 FROM person WHERE password_hash <> ''")

    await eventually(exists)
    running.operator = await sign_in()
    yield running


@pytest_asyncio.fixture
async def town(directory: Directory) -> Town:
    slug = f"t{ids.new_id().hex[-10:]}"
    body = {"slug": slug, "title": "文化路社区", "prefix": "WH", "compound_type": "unmanaged"}
    community = await directory.made("/communities", directory.operator, body)
    made = Town(directory, slug, UUID(community["root_id"]))
    _, made.staff = await made.signed_in("community_staff", name="李主任")
    return made
