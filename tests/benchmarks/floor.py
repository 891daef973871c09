"""The floor: the same three processes and events as ours, written by hand for nothing but speed."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import nats as nats_py

from shared import topology
from tests.benchmarks import plain
from tests.benchmarks.by_hand import BATCH, DURABLES, SUBJECTS
from tests.benchmarks.measure import Broken, Site, Way, Works


class Floor(Way):
    """Three processes, three databases and two streams, as ours."""

    name = "floor"

    async def prepare(self, site: Site) -> None:
        """Databases, streams and consumers with the settings of ours."""
        self.tables = {
            service: await plain.create(site.postgres_dsn, f"floor_{service}")
            for service in ("requests", "points", "notify")
        }
        nats = await nats_py.connect(site.nats_url)
        limits = topology.Limits()
        for owner, subject in SUBJECTS.items():
            stream = topology._stream(owner, limits)
            names = {"name": f"FLOOR_{owner.upper()}", "subjects": [subject]}
            await topology._put_stream(nats, stream | names)
        for durable, owner in DURABLES.items():
            await nats.jetstream().add_consumer(
                f"FLOOR_{owner.upper()}", durable_name=durable, ack_policy="explicit",
                ack_wait=limits.ack_wait_seconds, max_deliver=-1, max_ack_pending=4 * BATCH,
            )  # fmt: skip
        await nats.close()

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncGenerator[Works]:
        """The three processes."""
        async with AsyncExitStack() as stack:
            parts = [
                await stack.enter_async_context(
                    site.python(
                        "tests.benchmarks.by_hand", service,
                        DATABASE_URL=url, NATS_URL=site.nats_url,
                    )
                )
                for service, url in self.tables.items()
            ]  # fmt: skip
            yield Works(closer=parts[0], parts=parts)

    async def require_nothing_late(self, site: Site) -> None:
        consumers = [(f"FLOOR_{owner.upper()}", one) for one, owner in DURABLES.items()]
        await require_delivered_once(site, consumers)


async def require_delivered_once(site: Site, consumers: Sequence[tuple[str, str]]) -> None:
    """Every message of these streams and durables: delivered once, acknowledged. Raises Broken."""
    nats = await nats_py.connect(site.nats_url)
    try:
        for stream, durable in consumers:
            info = await nats.jetstream().consumer_info(stream, durable)
            left = (info.num_pending, info.num_redelivered)
            if any(left) or info.delivered.consumer_seq != info.delivered.stream_seq:
                raise Broken(f"{durable}: pending and redelivered {left}, {info.delivered}")
    finally:
        await nats.close()
