"""Services running in this process on real servers, and a directory that only tells.

A test of one service needs no other: `Directory` publishes the state events and signs the tokens
that the real directory would, and `inject` delivers any other event through the real bus.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import nats as nats_py
import orjson
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from nats.aio.client import Client

from deploy import services
from deploy.databases import Databases, create_databases, migrate
from shared import clock, ids
from shared.database import ALL_COMMUNITIES, Database
from shared.events import (
    PLATFORM,
    CommunityChanged,
    Event,
    MembershipChanged,
    OrganisationChanged,
    PersonChanged,
    PlaceChanged,
    SigningKeyChanged,
)
from shared.identity import ALGORITHM, AUDIENCE
from shared.topology import Limits, provision
from tests.support.servers import Servers

TEST_LIMITS = Limits(stream_bytes=256 * 1024**2, ack_wait_seconds=2, duplicate_window_seconds=2)


async def eventually[T](ask: Callable[[], Awaitable[T]], *, seconds: float = 30) -> T:
    """Ask until the answer is true, and give it; fails with the last answer after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            message = f"not within {seconds} s; the last answer was {answer!r}"
            raise AssertionError(message)
        await asyncio.sleep(0.02)


@dataclass
class Platform:
    """Databases and bus of a test run, with whichever services the tests ask for running."""

    servers: Servers
    databases: Databases
    nats: Client
    key: OKPKey
    _stack: AsyncExitStack
    _apps: dict[str, FastAPI] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def on(cls, servers: Servers) -> AsyncGenerator["Platform"]:
        """The streams on `servers`; a service gets its database when it is asked for."""
        roles = [f"{one}{end}" for one in services.SERVICES for end in ("", "_owner")]
        databases = Databases(servers.postgres_dsn, {role: secrets.token_hex(8) for role in roles})
        async with AsyncExitStack() as stack:
            nats = await nats_py.connect(servers.nats_url)
            stack.push_async_callback(nats.close)
            await provision(nats, (), TEST_LIMITS)
            key = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(4)})
            platform = cls(servers, databases, nats, key, stack)
            await platform.tell(
                SigningKeyChanged(
                    key_id=str(key.kid),
                    public_key=key.as_dict(private=False),
                    occurred_at=clock.now(),
                    version=1,
                )
            )
            yield platform

    async def app(self, service: str) -> FastAPI:
        """A running service; started at the first call, stopped at the end of the run."""
        if service not in self._apps:
            await create_databases(self.databases, [service])
            await migrate(self.databases, service)
            consumers = services.definition(service).consumers.specs
            await provision(self.nats, consumers, TEST_LIMITS)
            settings = services.settings(
                service,
                database_url=self.databases.address(service),
                nats_url=self.servers.nats_url,
                ack_wait_seconds=TEST_LIMITS.ack_wait_seconds,
            )
            app = services.create_app(service)(settings)
            await self._stack.enter_async_context(app.router.lifespan_context(app))
            self._apps[service] = app
        return self._apps[service]

    async def client(self, service: str, token: str | None = None) -> httpx.AsyncClient:
        """A client of a running service, signed in with `token`; its paths begin there."""
        app = await self.app(service)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url=f"http://test/api/{service}",
            headers={"authorization": f"Bearer {token}"} if token else {},
        )

    def database(self, service: str) -> Database:
        """A service's database, as its application role; close it after use."""
        return Database(self.databases.address(service), connections=2)

    async def rows(self, service: str, sql: str, **values: Any) -> list[Any]:
        """The rows of a query over every community of a service's database."""
        from sqlalchemy import text

        database = self.database(service)
        try:
            async with database.transaction(ALL_COMMUNITIES) as tx:
                return list(await tx.execute(text(sql), values))
        finally:
            await database.close()

    async def tell(self, event: Event, *, event_id: UUID | None = None) -> Event:
        """Publish an event as its owner would; gives it with its id."""
        stamped = event.model_copy(update={"event_id": event_id or ids.new_id()})
        await self.publish(
            stamped.subject,
            stamped.model_dump_json().encode(),
            {
                "ce-type": stamped.type(),
                "ce-id": str(stamped.event_id),
            },
        )
        return stamped

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish anything into its stream, also what no owner would."""
        await self.nats.jetstream().publish(subject, body, headers=dict(headers))

    async def told(self, contract: type[Event], **fields: Any) -> list[Any]:
        """What the owner's outbox holds of one event type, narrowed by fields of its body."""
        rows = await self.rows(
            contract.owner,
            "SELECT body FROM outbox WHERE type = :type ORDER BY position",
            type=contract.type(),
        )
        events = [contract.model_validate_json(row.body) for row in rows]
        return [one for one in events if all(getattr(one, k) == v for k, v in fields.items())]

    async def dead_letters(self, consumer: str) -> list[dict[str, Any]]:
        """The headers and bodies of a consumer's dead letters, oldest first."""
        jetstream = self.nats.jetstream()
        state = (await jetstream.stream_info("DLQ", subjects_filter=f"dlq.{consumer}")).state
        letters: list[dict[str, Any]] = []
        sequence = 0
        for _ in range((state.subjects or {}).get(f"dlq.{consumer}", 0)):
            message = await jetstream.get_msg(
                "DLQ", sequence + 1, subject=f"dlq.{consumer}", next=True
            )
            sequence = message.seq or 0
            letters.append({"headers": message.headers or {}, "body": message.data or b""})
        return letters

    async def community(self) -> "Neighbourhood":
        """A new community with its own slug, that every running service has heard of."""
        hood = Neighbourhood(self, f"c{secrets.token_hex(4)}")
        await self.tell(
            CommunityChanged(
                community=hood.slug,
                slug=hood.slug,
                title="测试社区",
                prefix=hood.slug[:3].upper(),
                occurred_at=clock.now(),
                version=1,
            )
        )
        return hood

    def token(
        self,
        person_id: UUID,
        memberships: Mapping[str, Any] | None = None,
        *,
        platform_roles: Sequence[str] = (),
        **claims: Any,
    ) -> str:
        """A token such as the directory signs; `claims` replace its usual ones."""
        now = int(time.time())
        return jwt.encode(
            {"alg": ALGORITHM, "kid": str(self.key.kid)},
            {
                "iss": "jinlin",
                "aud": AUDIENCE,
                "sub": str(person_id),
                "iat": now,
                "exp": now + 600,
                "memberships": dict(memberships or {}),
                "platform_roles": list(platform_roles),
            }
            | claims,
            self.key,
            algorithms=[ALGORITHM],
        )


@dataclass
class Person:
    """Somebody in a test: an id and a token for the community."""

    id: UUID
    token: str


@dataclass
class Neighbourhood:
    """One community of a test, told of event by event."""

    platform: Platform
    slug: str

    async def person(
        self, *roles: str, organisations: Sequence[UUID] = (), language: str = "zh-CN"
    ) -> Person:
        """A new member with a token."""
        person_id = ids.new_id()
        now = clock.now()
        await self.platform.tell(
            PersonChanged(
                community=PLATFORM,
                person_id=person_id,
                language=language,  # pyright: ignore[reportArgumentType]
                occurred_at=now,
                version=1,
            )
        )
        await self.platform.tell(
            MembershipChanged(
                community=self.slug,
                person_id=person_id,
                roles=roles,
                organisation_ids=tuple(organisations),
                occurred_at=now,
                version=1,
            )
        )
        return Person(person_id, self.token(person_id, *roles, organisations=organisations))

    def token(self, person_id: UUID, *roles: str, organisations: Sequence[UUID] = ()) -> str:
        """A token for this community only."""
        membership = {"roles": list(roles), "organisations": [str(one) for one in organisations]}
        return self.platform.token(person_id, {self.slug: membership})

    async def place(self, kind: str = "building", parent_id: UUID | None = None) -> UUID:
        """A new place."""
        place_id = ids.new_id()
        await self.platform.tell(
            PlaceChanged(
                community=self.slug,
                place_id=place_id,
                kind=kind,  # pyright: ignore[reportArgumentType]
                parent_id=parent_id,
                title="1栋",
                occurred_at=clock.now(),
                version=1,
            )
        )
        return place_id

    async def organisation(self) -> UUID:
        """A new organisation."""
        organisation_id = ids.new_id()
        await self.platform.tell(
            OrganisationChanged(
                community=self.slug,
                organisation_id=organisation_id,
                kind="resident_unit",
                title="测试单位",
                occurred_at=clock.now(),
                version=1,
            )
        )
        return organisation_id

    async def arrived(self, service: str, **counts: int) -> None:
        """Wait until `service` knows at least so many `places`, `memberships` and so on."""
        client = await self.platform.client(service, self.token(ids.new_id(), "community_staff"))
        async with client:

            async def enough() -> bool:
                answer = await client.get(f"/{self.slug}/known")
                known = orjson.loads(answer.content)
                return answer.status_code == httpx.codes.OK and all(
                    known[name] >= count for name, count in counts.items()
                )

            await eventually(enough)
