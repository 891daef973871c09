"""Celery, RabbitMQ and Django: the close by Django's ORM, then a task for each thing to do.

Their packages are in `build/bench` (`make bench` puts them there), for these processes only.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.benchmarks import driving, plain
from tests.benchmarks.driving import ROOT, Part
from tests.benchmarks.measure import Site, Way, Works
from tests.support.platform import eventually
from tests.support.processes import free_port

PACKAGES = ROOT / "build" / "bench"
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
APP = "tests.benchmarks.celery_app"


class Missing(Exception):  # noqa: N818 - a sentence for whoever runs the benchmark
    """RabbitMQ or the packages are not there; the message says what to do."""


class Tasks(Way):
    """A process that closes, a worker for points, one for notices, and RabbitMQ."""

    name = "celery"

    async def prepare(self, site: Site) -> None:
        """A database with everybody's account. Raises Missing."""
        if not (PACKAGES / "celery").exists():
            raise Missing("Celery and Django are missing: run `make bench`.")
        await install_rabbitmq()
        url = await plain.create(site.postgres_dsn, "celery")
        await plain.open_accounts(url)
        self.tables = dict.fromkeys(("requests", "points", "notify"), url)

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncGenerator[Works]:
        async with AsyncExitStack() as stack:
            port = free_port()
            bus = await stack.enter_async_context(rabbitmq(site.folder / "rabbitmq", port))
            environment = {
                "AMQP_URL": f"amqp://guest:guest@127.0.0.1:{port}//",
                "DATABASE_URL": self.tables["requests"],
                "DJANGO_SETTINGS_MODULE": f"{APP}.settings",
                "PYTHONPATH": str(PACKAGES),
            }
            workers = [
                await stack.enter_async_context(
                    site.python(
                        "celery", "--app", f"{APP}.worker", "worker", "--queues", queue,
                        "--concurrency", "1", "--hostname", queue, "--loglevel", "WARNING",
                        "--without-gossip", "--without-mingle", "--without-heartbeat",
                        speaks=False, **environment,
                    )
                )
                for queue in ("points", "notify")
            ]  # fmt: skip
            closer = await stack.enter_async_context(site.python(f"{APP}.closing", **environment))
            yield Works(closer=closer, parts=[closer, *workers], bus=bus)


async def install_rabbitmq() -> None:
    """Debian's RabbitMQ, installed if root may. Raises Missing."""
    if RABBITMQ.exists():
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Missing("RabbitMQ is missing: install Debian's rabbitmq-server (apt-get), as root.")
    command = (apt, "install", "--yes", "--no-install-recommends", "rabbitmq-server")
    installing = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await installing.wait() != 0:
        raise Missing("RabbitMQ is missing, and apt-get could not install rabbitmq-server.")


@asynccontextmanager
async def rabbitmq(folder: Path, port: int) -> AsyncGenerator[list[Part]]:
    """A RabbitMQ of our own in `folder`, with the daemon by which its parts find each other."""
    folder.mkdir(exist_ok=True)
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.default = 127.0.0.1:{port}\n")
    (folder / "enabled_plugins").write_text("[].\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "benchmark@localhost",
        # Its schedulers sleep when there is nothing to do, instead of spinning for a while.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
    }
    log = folder / "output.log"
    async with (
        driving.child("epmd", log=log, environment=environment, speaks=False) as daemon,
        driving.child(str(RABBITMQ), log=log, environment=environment, speaks=False) as broker,
    ):

        async def answers() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        await eventually(answers, seconds=driving.PATIENCE_SECONDS)
        yield [broker, daemon]
