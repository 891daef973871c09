"""Toy services at work: on the platform's servers, or on a bus and a database of their own."""

import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from deploy.databases import create_databases
from shared import broker, migrations, service, topology
from shared.service import Service
from shared.settings import ServiceSettings
from shared.topology import Limits
from tests.support.platform import TEST_LIMITS, Platform, eventually
from tests.support.toy import app as toy
from tests.support.toy.events import known_contracts

STREAM = "TOY"
BALLS = "toy-balls"


async def provision(nats: Client, limits: Limits = TEST_LIMITS) -> None:
    """The toy's own stream beside the real ones, and its consumers."""
    await topology._put_stream(nats, topology._stream("toy", limits))
    await topology.provision(nats, toy.consumes.specs, limits)


async def make_database(platform: Platform, name: str) -> None:
    """A database of a toy, with its roles; once a run."""
    if name in platform.databases.passwords:
        return
    passwords = {one: secrets.token_hex(8) for one in (name, f"{name}_owner")}
    platform.databases = replace(
        platform.databases, passwords={**platform.databases.passwords, **passwords}
    )
    await create_databases(platform.databases, [name])

    def upgrade(connection: Connection) -> None:
        migrations.upgrade(toy.FOLDER / "migrations", connection, name)

    await as_owner(platform, name, upgrade)


async def as_owner(platform: Platform, name: str, work: Any, *arguments: Any) -> None:
    """Do something to a database as its owner, in one transaction."""
    engine = create_async_engine(platform.databases.url(name, owner=True), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(work, *arguments)
    await engine.dispose()


@contextmanager
def hurried() -> Generator[None]:
    """Sweeps, watches and samples come many times a second instead of once in seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "SWEEP_SECONDS", 0.05)
        patch.setattr(service, "MEASURE_SECONDS", 0.1)
        patch.setattr(broker, "WATCH_SECONDS", 0.2)
        yield


def settings(platform: Platform, name: str, nats_url: str, **values: Any) -> ServiceSettings:
    usual: dict[str, Any] = {
        "database_url": platform.databases.address(name),
        "nats_url": nats_url,
        "ack_wait_seconds": TEST_LIMITS.ack_wait_seconds,
    }
    return ServiceSettings(**usual | values)


@asynccontextmanager
async def running(configured: ServiceSettings) -> AsyncGenerator[FastAPI]:
    """One toy service, from its start to its stop."""
    app = toy.create_app(configured)
    async with app.router.lifespan_context(app):
        yield app


@dataclass
class Toy:
    """A running toy service on the platform's servers, and the eyes of a test on it."""

    platform: Platform
    app: FastAPI
    name: str = "toy"

    @property
    def service(self) -> Service:
        return self.app.state.service

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        return client(self.app, token, **headers)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        return await self.platform.rows(self.name, sql, **values)

    async def caught(self, ball_id: UUID) -> list[Any]:
        """The effects of one ball."""
        return await self.rows("SELECT * FROM caught WHERE ball_id = :ball", ball=ball_id)

    async def once_caught(self, ball_id: UUID) -> list[Any]:
        """The same, as soon as there is one."""
        return await eventually(lambda: self.caught(ball_id))

    async def parked(self, event_id: UUID) -> list[Any]:
        return await self.rows("SELECT * FROM retry WHERE event_id = :id", id=event_id)

    async def buried(self, community: str, number: int = 1) -> list[dict[str, Any]]:
        """A community's dead letters of the balls, as soon as there are so many."""

        async def enough() -> list[dict[str, Any]] | None:
            letters = [
                one
                for one in await self.platform.dead_letters(BALLS)
                if f".{community}." in one["headers"]["jinlin-subject"]
            ]
            return letters if len(letters) >= number else None

        return await eventually(enough) or []

    async def unsent(self, community: str) -> int:
        """How many events of a community wait in the outbox."""
        sql = "SELECT 1 FROM outbox WHERE community = :community AND sent_at IS NULL"
        return len(await self.rows(sql, community=community))

    async def all_sent(self, community: str) -> None:
        async def none_waits() -> bool:
            return not await self.unsent(community)

        await eventually(none_waits)


def client(app: FastAPI, token: str | None = None, **headers: str) -> httpx.AsyncClient:
    """A client of one toy service; paths begin at `/api/toy`."""
    signed = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://test/api/toy",
        headers=signed | headers,
    )


@asynccontextmanager
async def toy_on(platform: Platform) -> AsyncGenerator[Toy]:
    """The toy on the platform's servers; `platform.told` and `platform.rows` know it."""
    await make_database(platform, "toy")
    await provision(platform.nats)
    configured = settings(platform, "toy", platform.servers.nats_url)
    with known_contracts(), hurried():
        async with running(configured) as app:
            platform._apps["toy"] = app
            try:
                yield Toy(platform, app)
            finally:
                del platform._apps["toy"]


async def told_on_bus(nats: Client, subject: str) -> list[RawStreamMsg]:
    """Every message of the toy's stream on a subject, in the stream's order."""
    jetstream = nats.jetstream()
    state = (await jetstream.stream_info(STREAM, subjects_filter=subject)).state
    messages: list[RawStreamMsg] = []
    for _ in range(sum((state.subjects or {}).values())):
        after = (messages[-1].seq or 0) + 1 if messages else 1
        messages.append(await jetstream.get_msg(STREAM, after, subject=subject, next=True))
    return messages
