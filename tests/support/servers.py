"""PostgreSQL and NATS for the tests: in containers, or as child processes of this one.

`TEST_INFRA=auto|containers|embedded` chooses; `auto` takes containers where a Docker engine has
(or gets) the images, child processes elsewhere. Both give the same settings and promises.
"""

import asyncio
import contextlib
import functools
import json
import os
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.keys import bus_users
from deploy.local import nats, postgres
from deploy.local.data_folder import new_password
from deploy.local.servers import local_servers
from deploy.services import SERVICES

type Kind = Literal["containers", "embedded"]

POSTGRES_IMAGE = "postgres:18"
NATS_IMAGE = "nats:2.15"

_ENGINE_SECONDS = 1
_NATS_PORT = 4222


@dataclass(frozen=True)
class Servers:
    """Running servers: the superuser's `postgresql://…` and a `nats://…` with its password."""

    kind: Kind
    postgres_dsn: str
    nats_url: str
    nats_passwords: Mapping[str, str]
    """By service: of its own user, who may do there what that service may."""


class NoContainers(Exception):  # noqa: N818 - a sentence for whoever runs the tests
    """Containers are wanted and cannot be had; the message says why."""


@functools.cache
def choose_infra() -> tuple[Kind, str]:
    """Return which servers the tests run on, and why, in words for pytest's header.

    Raises:
        NoContainers: TEST_INFRA=containers, and there is no engine or an image is missing.
        ValueError: TEST_INFRA is none of the three.
    """
    wanted = os.environ.get("TEST_INFRA", "auto")
    match wanted:
        case "embedded":
            return "embedded", "TEST_INFRA says so"
        case "containers":
            return "containers", _engine_with_images()
        case "auto":
            try:
                return "containers", _engine_with_images()
            except NoContainers as missing:
                return "embedded", str(missing)
        case _:
            raise ValueError(f"TEST_INFRA={wanted}: it is auto, containers or embedded")


@contextlib.contextmanager
def start_servers(kind: Kind) -> Generator[Servers]:
    """Start both servers, empty, and stop them in the end."""
    with _containers() if kind == "containers" else _embedded() as servers:
        yield servers


@contextlib.contextmanager
def _embedded() -> Generator[Servers]:
    with (
        tempfile.TemporaryDirectory(prefix="jinlin-tests-") as folder,
        # A loop of our own, which is not made the thread's: the tests have theirs.
        asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner,
    ):
        stack = contextlib.AsyncExitStack()
        passwords = _bus_passwords()
        try:
            starting = local_servers(Path(folder), bus_users=bus_users(passwords))
            local = runner.run(stack.enter_async_context(starting))
            yield Servers("embedded", local.postgres_dsn, local.nats_url, passwords)
        finally:
            runner.run(stack.aclose())


@contextlib.contextmanager
def _containers() -> Generator[Servers]:
    # Its image would be one more to have; what it does, `with` does unless we are killed.
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
    from testcontainers.community.postgres import PostgresContainer
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    password, passwords = new_password(), _bus_passwords()
    database = (
        PostgresContainer(
            POSTGRES_IMAGE,
            username=postgres.SUPERUSER,
            password=password,
            dbname="postgres",
            driver=None,
        )
        .with_env("POSTGRES_INITDB_ARGS", " ".join(postgres.CLUSTER_OPTIONS))
        .with_command(["postgres", "-c", f"max_connections={postgres.MAX_CONNECTIONS}"])
    )
    broker = (
        DockerContainer(NATS_IMAGE)
        .with_exposed_ports(_NATS_PORT)
        .with_copy_into_container(_nats_config(password, passwords), "/jinlin.conf")
        .with_command(["--config", "/jinlin.conf"])
        .waiting_for(LogMessageWaitStrategy("Server is ready"))
    )
    with database, broker:
        address = f"{broker.get_container_host_ip()}:{broker.get_exposed_port(_NATS_PORT)}"
        yield Servers(
            "containers",
            database.get_connection_url(),
            f"nats://{nats.USER}:{password}@{address}",
            passwords,
        )


def _bus_passwords() -> dict[str, str]:
    return {service: new_password() for service in SERVICES}


def _nats_config(password: str, passwords: Mapping[str, str]) -> bytes:
    return json.dumps(
        {
            "port": _NATS_PORT,
            "max_payload": nats.MAX_PAYLOAD_BYTES,
            "jetstream": {"store_dir": "/data", "sync_interval": "always"},
            "authorization": {
                "users": [{"user": nats.USER, "password": password}, *bus_users(passwords)]
            },
        }
    ).encode()


def _engine_with_images() -> str:
    """Return a sentence about the engine that has both images, pulled now if need be."""
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        version = DockerClient(timeout=_ENGINE_SECONDS).client.version()["Version"]
    except (DockerException, OSError) as error:  # its HTTP library's errors are OSErrors
        raise NoContainers("no Docker engine answers") from error
    images = DockerClient().client.images
    for image in (POSTGRES_IMAGE, NATS_IMAGE):
        try:
            _ = images.list(image) or images.pull(image)
        except (DockerException, OSError) as error:
            raise NoContainers(f"Docker {version} cannot get {image}: {error}") from error
    return f"Docker {version} has {POSTGRES_IMAGE} and {NATS_IMAGE}"
