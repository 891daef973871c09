"""The operator's hand on the bus during a chaos run: patient, because NATS may be down just now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.bus import connected
from shared.topology import TopologyError
from tests.chaos.cluster import Cluster

__all__ = ["on_bus", "own_headers"]

TRIES: Final = 60


async def on_bus[T](cluster: Cluster, do: Callable[[Client], Awaitable[T]]) -> T:
    """Do something on the bus, again from the start while it cannot be reached."""
    for _ in range(TRIES):
        try:
            async with connected(cluster.where) as nats:
                return await do(nats)
        except (NatsError, OSError, TopologyError):
            await asyncio.sleep(0.5)  # it is being started again
    async with connected(cluster.where) as nats:
        return await do(nats)


def own_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """The headers of an event without those that the server acts on."""
    return {name: value for name, value in (headers or {}).items() if not name.startswith("Nats-")}
