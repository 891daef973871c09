"""One request in one trace: from the HTTP close through outbox and NATS to award and notice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.demo.api import Api, Session
from deploy.demo.community import COMMUNITY, demo_community
from deploy.local.platform import running_platform
from tests.support.platform import eventually
from tests.support.processes import free_port


@dataclass
class Collector:
    """Takes spans as an OpenTelemetry collector does (OTLP over HTTP)."""

    endpoint: str
    spans: list[tuple[str, str, str]] = field(default_factory=list)
    """Service, trace id, name."""

    async def take(self, request: Request) -> Response:
        for resource in ExportTraceServiceRequest.FromString(await request.body()).resource_spans:
            attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    service = attributes["service.name"]
                    self.spans.append((service, span.trace_id.hex(), span.name))
        return Response(b"", media_type="application/x-protobuf")

    def trace_of(self, service: str, name: str) -> str | None:
        found = [trace for one, trace, span in self.spans if one == service and name in span]
        return found[-1] if found else None


@asynccontextmanager
async def collecting() -> AsyncGenerator[Collector]:
    port = free_port()
    collector = Collector(f"http://127.0.0.1:{port}")
    app = Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    serving = asyncio.create_task(server.serve())
    yield collector
    server.should_exit = True
    await serving


async def worked(api: Api, sign_ins: dict[str, str]) -> tuple[Session, str]:
    """A request that waits for its close; gives the resident and its path."""
    resident, worker, volunteer = [
        await api.sign_in(name, sign_ins[name]) for name in ("resident", "gridworker", "volunteer")
    ]
    places = await resident.get(f"/directory/{COMMUNITY}/places", kind="building")
    asking = {"category": "errand", "description": "代买米", "place_id": places["items"][0]["id"]}
    requests = f"/requests/{COMMUNITY}/requests"

    async def heard() -> bool:
        known = await resident.get(f"/requests/{COMMUNITY}/known")
        return known["places"] >= 6 and bool(await resident.get(f"/requests/{COMMUNITY}/catalogue"))

    await eventually(heard)
    request = await resident.post(requests, asking)
    path = f"{requests}/{request['id']}"
    await worker.post(f"{path}/register")
    await worker.post(f"{path}/list", {})
    tasks = f"/volunteers/{COMMUNITY}/tasks"

    async def task() -> list:
        return (await volunteer.get(tasks, request_id=request["id"]))["items"]

    (found,) = await eventually(task)
    await volunteer.post(f"{tasks}/{found['id']}/claim", {})
    await volunteer.post(f"{tasks}/{found['id']}/check-in")
    done = {"service_minutes": 30, "note": "送到了"}
    await volunteer.post(f"{tasks}/{found['id']}/complete", done)

    async def resolved() -> bool:
        return (await resident.get(path))["status"] == "resolved"

    await eventually(resolved)
    return resident, path


async def test_the_close_the_award_and_the_notices_are_one_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    async with collecting() as collector:
        monkeypatch.setenv("JINLIN_OTLP_ENDPOINT", collector.endpoint)
        async with running_platform(tmp_path / "data") as platform, Api(platform.origin) as api:
            sign_ins = dict(await demo_community(platform, Console(quiet=True)))
            resident, path = await worked(api, sign_ins)
            await resident.post(f"{path}/close")

            async def arrived() -> bool:
                trace = collector.trace_of("jinlin-requests", "/close")
                return trace is not None and {
                    collector.trace_of("jinlin-points", "points-requests-closed"),
                    collector.trace_of("jinlin-notify", "notify-requests"),
                    collector.trace_of("jinlin-notify", "notify-points"),
                } == {trace}

            await eventually(arrived, seconds=20)
