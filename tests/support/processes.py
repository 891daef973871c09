"""The platform as it runs in containers: one process a service, behind one origin."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import nats as nats_py
import uvicorn
from sqlalchemy.engine import URL
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from deploy import services
from deploy.databases import Databases, create_databases, migrate
from deploy.where import Whereabouts, roles
from shared.topology import provision
from tests.support.platform import TEST_LIMITS, eventually
from tests.support.servers import Servers

OPERATOR = ("operator", "a long password for the tests")
ROOT = Path(__file__).parent.parent.parent
OF_ONE_CONNECTION = {"connection", "date", "transfer-encoding"}
"""Headers that a proxy does not pass on."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def without_password(url: URL) -> str:
    """As the composition says it: the password comes apart."""
    return url._replace(password=None).render_as_string()


@dataclass
class ServiceProcess:
    """One service as a child process."""

    name: str
    port: int
    environment: Mapping[str, str]
    log: Path
    package: str = "services"
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"{self.package}.{self.name}",
                # Compiled once, however often it is started.
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""} | dict(self.environment),
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                assert self.process is not None
                assert self.process.returncode is None, self.log.read_text()[-2000:]
                try:
                    answer = await client.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2)
                except httpx.TransportError:
                    return False
                return answer.status_code == httpx.codes.OK

            await eventually(ready, seconds=90)

    async def stop(self, with_signal: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(with_signal)
        return await asyncio.wait_for(self.process.wait(), 20)


class Proxy:
    """One origin before the processes, as Caddy is before the containers."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._client = httpx.AsyncClient(timeout=30)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        service = request.url.path.split("/")[2]
        url = f"http://127.0.0.1:{self._ports[service]}{request.url.path}?{request.url.query}"
        headers = [(k, v) for k, v in request.headers.raw if k != b"host"]
        asked = self._client.build_request(
            request.method, url, content=await request.body(), headers=headers
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx.TransportError:
            await Response(status_code=502)(scope, receive, send)
            return
        kept = {k: v for k, v in answer.headers.items() if k not in OF_ONE_CONNECTION}
        passed_on = StreamingResponse(_pieces(answer), answer.status_code, kept)
        await passed_on(scope, receive, send)


async def _pieces(answer: httpx.Response) -> AsyncGenerator[bytes]:
    """What a service answers, as it comes, until it ends or breaks off."""
    try:
        async for piece in answer.aiter_raw():
            yield piece
    except httpx.TransportError:
        return
    finally:
        await answer.aclose()


@dataclass
class Processes:
    """The whole platform in processes."""

    origin: str
    whereabouts: Whereabouts
    services: Mapping[str, ServiceProcess]


@asynccontextmanager
async def platform_in_processes(servers: Servers, folder: Path) -> AsyncGenerator[Processes]:
    """Databases, streams and one process a service on `servers`; stopped in the end."""
    passwords = {role: secrets.token_hex(8) for role in roles()}
    databases = Databases(servers.postgres_dsn, passwords)
    await create_databases(databases, services.SERVICES)
    for service in services.SERVICES:
        await migrate(databases, service)
    nats = await nats_py.connect(servers.nats_url)
    await provision(nats, services.consumer_specs(), TEST_LIMITS)
    await nats.close()
    ports = {service: free_port() for service in services.SERVICES}
    async with AsyncExitStack() as stack:
        running = {
            service: ServiceProcess(
                service,
                ports[service],
                {
                    "JINLIN_DATABASE_URL": without_password(databases.url(service)),
                    "JINLIN_DATABASE_PASSWORD": databases.passwords[service],
                    "JINLIN_NATS_URL": f"nats://{servers.nats_url.rpartition('@')[2]}",
                    "JINLIN_NATS_PASSWORD": servers.nats_passwords[service],
                    "JINLIN_PORT": str(ports[service]),
                    "JINLIN_OPERATOR_NAME": OPERATOR[0],
                    "JINLIN_OPERATOR_PASSWORD": OPERATOR[1],
                },
                folder / f"{service}.log",
            )
            for service in services.SERVICES
        }
        await asyncio.gather(*(one.start() for one in running.values()))
        for one in running.values():
            stack.push_async_callback(one.stop)
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(Proxy(ports), port=port, log_config=None))
        serving = asyncio.create_task(server.serve())
        yield Processes(
            f"http://127.0.0.1:{port}", Whereabouts(databases, servers.nats_url), running
        )
        server.should_exit = True
        await serving
