"""One service as a process part: its app, its database, its bus, and its health."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import text

from shared import clock, consumers, dead_letters, health, operations, telemetry
from shared.answers import PROBLEM_RESPONSES, add_problem_answers
from shared.backlog import count_backlog
from shared.broker import Bus
from shared.consumers import Consumer, Consumers
from shared.database import ALL_COMMUNITIES, Database, Transaction
from shared.door import Door
from shared.identity import Identity
from shared.limits import BodyLimit, CrowdLimit
from shared.metrics import CountedCalls, Metrics
from shared.permissions import permission_of
from shared.photos import Darkroom
from shared.reasons import told
from shared.relay import Relay, Rendering
from shared.settings import ServiceSettings

__all__ = ["Definition", "Service", "create_app"]

log = structlog.get_logger()

SWEEP_SECONDS: Final = 1.0
MEASURE_SECONDS: Final = 10.0
FORGET_SECONDS: Final = 3600.0
KEPT_ANSWERS: Final = timedelta(days=2)

_FORGET_ANSWERS = text("DELETE FROM answers WHERE made_at < now() - CAST(:kept AS interval)")


@dataclass(frozen=True)
class Definition:
    """What a service brings; everything else is the same in each."""

    name: str
    summary: str
    folder: Path
    routers: Sequence[APIRouter]
    consumers: Consumers
    render: Callable[[Database], Rendering] | None = None
    """For the directory: gives the relay the present state instead of the stored one."""
    prepare: Callable[["Service"], Awaitable[None]] | None = None
    """What must be done before the service is ready; tried again until it succeeds."""
    tasks: Sequence[Callable[["Service"], Awaitable[None]]] = ()
    """What runs beside the requests for as long as the service lives."""


@dataclass
class Service:
    """The parts of one running service, reachable as `app.state.service`."""

    definition: Definition
    settings: ServiceSettings
    database: Database
    workshop: Database
    """A pool of its own for the consumers: a backlog never takes the connections of callers."""
    bus: Bus
    relay: Relay
    identity: Identity
    tracing: TracerProvider
    metrics: Metrics
    consumers: dict[str, Consumer] = field(default_factory=dict[str, Consumer])
    darkroom: Darkroom = field(default_factory=Darkroom)
    prepared: bool = False
    started_at: datetime = field(default_factory=clock.now)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server begins to stop: answers that would go on for ever end now."""

    @property
    def name(self) -> str:
        """The service's name."""
        return self.definition.name

    async def parts(self) -> dict[str, bool]:
        """Which parts are well, for `/readyz`."""
        folder = self.definition.folder / "migrations"
        return await health.database_parts(self.database, folder) | {
            "prepared": self.prepared,
            "bus": self.bus.is_connected,
            "consumers": self.bus.is_connected and not self.bus.stalled,
        }

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Consume, relay, sweep and watch; on leaving, finish what is in hand and stop."""
        jobs = [
            self._prepare,
            self._consume,
            self.relay.run,
            self._sweep,
            self._measure,
            self._forget,
        ]
        tasks = [asyncio.create_task(job()) for job in jobs]
        tasks += [asyncio.create_task(_forever(task, self)) for task in self.definition.tasks]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.bus.leave()
            await self.database.close()
            await self.workshop.close()
            await asyncio.to_thread(self.tracing.shutdown)

    async def _prepare(self) -> None:
        """Do what comes first, however long the database is away."""
        prepare = self.definition.prepare
        while not self.prepared:
            try:
                if prepare is not None:
                    await prepare(self)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                log.warning("prepare.failed", **told(error))
                await asyncio.sleep(1)
            else:
                self.prepared = True

    async def _consume(self) -> None:
        await self.bus.join()
        await self.bus.watch()

    async def _sweep(self) -> None:
        """Bring parked events back when they are due."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await consumers.sweep(self.workshop, self.consumers)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                log.warning("sweep.failed", **told(error))

    async def _measure(self) -> None:
        """Sample what must be asked for, so that nobody who reads the figures causes work."""
        while True:
            self.metrics.show_parts(await self.parts())
            for durable, lag in self.bus.lags.items():
                self.metrics.show_lag(durable, lag)
            try:
                async with self.workshop.transaction(ALL_COMMUNITIES) as tx:
                    self.metrics.show_backlog(await count_backlog(tx))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                log.warning("measure.failed", **told(error))
            await asyncio.sleep(MEASURE_SECONDS)

    async def _forget(self) -> None:
        """Drop the kept answers of two days ago, and the dead letters that the bus has dropped."""
        while True:
            for forget in (_forget_answers, dead_letters.forget_old):
                try:
                    async with self.workshop.transaction(ALL_COMMUNITIES) as tx:
                        await forget(tx)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                    log.warning("forget.failed", **told(error))
            await asyncio.sleep(FORGET_SECONDS)


async def _forget_answers(tx: Transaction) -> None:
    await tx.execute(_FORGET_ANSWERS, {"kept": KEPT_ANSWERS})


async def _forever(task: Callable[[Service], Awaitable[None]], service: Service) -> None:
    """Run a service's own task again whenever it ends or fails."""
    while True:
        try:
            await task(service)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            log.warning("task.failed", **told(error))
        await asyncio.sleep(1)


def create_app(definition: Definition, settings: ServiceSettings) -> FastAPI:
    """Wire one service. Raises ValueError for a route that names no permission."""
    service = _assemble(definition, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with service.running():
            yield

    prefix = f"/api/{definition.name}"
    app = FastAPI(
        title=f"Jinlin 近邻 · {definition.name}",
        summary=definition.summary,
        version="1",
        openapi_url=f"{prefix}/openapi.json",
        docs_url=f"{prefix}/docs",
        redoc_url=None,
        lifespan=lifespan,
        telemetry=telemetry.of_calls(service.tracing, recorded=bool(settings.otlp_endpoint)),
        separate_input_output_schemas=False,
        responses=PROBLEM_RESPONSES,
        generate_unique_id_function=lambda route: camel_case(route.name),
    )
    app.state.service = service
    app.router.route_class = Door
    for router in (operations.router(), *definition.routers):
        app.include_router(router, prefix=prefix)
    _add_health(app, service, prefix)
    _require_permissions(app)
    add_problem_answers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(CrowdLimit, database=service.database)
    app.add_middleware(CountedCalls, metrics=service.metrics)
    if not settings.otlp_endpoint:
        app.add_middleware(telemetry.MarkedCalls)
    return app


def _add_health(app: FastAPI, service: Service, prefix: str) -> None:
    """How the service is: below its prefix, through the origin, and at the root of its port."""
    routes = health.router(service.name, service.parts)
    app.include_router(routes, prefix=prefix)
    app.include_router(routes, include_in_schema=False)
    app.include_router(health.metrics_router(service.metrics.page), include_in_schema=False)


def _assemble(definition: Definition, settings: ServiceSettings) -> Service:
    """The parts, tied together."""
    database = Database(settings.database_address, connections=settings.pool_size)
    workshop = Database(settings.database_address, connections=5)
    bus = Bus(settings.nats_url, service=definition.name, password=settings.nats_password)
    tracing = telemetry.tracer_provider(
        definition.name, otlp_endpoint=settings.otlp_endpoint, ratio=settings.trace_ratio
    )
    metrics = Metrics(definition.name)
    render = definition.render(workshop) if definition.render else None
    relay = Relay(settings.database_address, bus.nats, render)
    database.when_told = workshop.when_told = relay.wake
    service = Service(
        definition=definition,
        settings=settings,
        database=database,
        workshop=workshop,
        bus=bus,
        relay=relay,
        identity=Identity(database, issuer=settings.issuer),
        tracing=tracing,
        metrics=metrics,
    )
    _add_consumers(service)
    return service


def _add_consumers(service: Service) -> None:
    """Let every handler of the service take its events from the bus."""
    for spec, handler in service.definition.consumers.specs.items():
        consumer = Consumer(
            spec,
            handler,
            database=service.workshop,
            nats=service.bus.nats,
            tracer=service.tracing.get_tracer("jinlin"),
            metrics=service.metrics,
            ack_wait_seconds=service.settings.ack_wait_seconds,
        )
        service.metrics.expect(spec.durable)
        service.consumers[spec.durable] = consumer
        service.bus.add(consumer)


def _require_permissions(app: FastAPI) -> None:
    """Deny by default: a route that asks nobody for a permission stops the service at its start."""
    for route in api_routes(app):
        if permission_of(route) is None:
            message = f"{route.path} names no permission"
            raise ValueError(message)


def api_routes(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of the API, as it is reached."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            yield route


def camel_case(name: str) -> str:
    """`close_request` as `closeRequest`: the operation ids of the API documents."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
