"""Three NATS servers keep three copies: one of them may die, and nothing waits or is lost."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.local.data_folder import private_folder
from shared import clock, ids
from shared.outbox import emit
from shared.topology import Limits, TopologyError
from tests.support.cluster import cluster_in
from tests.support.platform import Neighbourhood, Platform, eventually
from tests.support.toy.events import Thrown, known_contracts
from tests.support.toy.running import (
    BALLS,
    STREAM,
    hurried,
    make_database,
    provision,
    running,
    settings,
    told_on_bus,
)

TOY = "toy_cluster"


def limits(replicas: int) -> Limits:
    return Limits(replicas, stream_bytes=10**8, ack_wait_seconds=2, duplicate_window_seconds=2)


async def provisioned(nats: Client, replicas: int) -> bool:
    """Whether the cluster has its leader already and took the topology."""
    try:
        await provision(nats, limits(replicas))
    except (NatsError, TopologyError):
        return False
    return True


async def keeps_three(nats: Client) -> bool:
    """Whether stream and consumer have two followers that are up to date."""
    jetstream = nats.jetstream()
    stream = (await jetstream.stream_info(STREAM)).cluster
    consumer = (await jetstream.consumer_info(STREAM, BALLS)).cluster
    return all(
        one is not None and [peer.current for peer in one.replicas or []] == [True, True]
        for one in (stream, consumer)
    )


async def throw(app: FastAPI, hood: Neighbourhood, number: int) -> None:
    """Emit so many balls: they leave by the outbox, and come back to be caught."""
    balls = [
        Thrown(community=hood.slug, occurred_at=clock.now(), version=1, ball_id=ids.new_id())
        for _ in range(number)
    ]
    async with app.state.service.database.transaction(hood.slug) as tx:
        await emit(tx, *balls)


async def effects(platform: Platform, hood: Neighbourhood) -> Sequence[int]:
    """How often each ball that was emitted has been caught."""
    rows = await platform.rows(
        TOY,
        "SELECT (SELECT count(*) FROM caught WHERE caught.event_id = outbox.event_id) AS times "
        "FROM outbox WHERE community = :community AND type = :type",
        community=hood.slug,
        type=Thrown.type(),
    )
    return [row.times for row in rows]


async def test_the_leader_of_a_stream_dies_and_nothing_is_lost(
    platform: Platform, hood: Neighbourhood, tmp_path: Path
) -> None:
    await make_database(platform, TOY)

    async def caught(number: int) -> bool:
        return await effects(platform, hood) == [1] * number

    async with cluster_in(private_folder(tmp_path)) as cluster, cluster.client() as nats:
        await eventually(lambda: provisioned(nats, 1), seconds=20)
        await eventually(lambda: provisioned(nats, 3))  # of streams that are there already
        await eventually(lambda: keeps_three(nats))
        with known_contracts(), hurried():
            configured = settings(platform, TOY, cluster.url, nats_password=cluster.password)
            async with running(configured) as app:
                await throw(app, hood, 40)
                await eventually(lambda: caught(40))
                leader = (await nats.jetstream().stream_info(STREAM)).cluster.leader
                await cluster.members[leader].kill()
                await throw(app, hood, 40)
                await eventually(lambda: caught(80), seconds=20)
                await cluster.members[leader].start()
                await throw(app, hood, 20)
                await eventually(lambda: caught(100), seconds=20)
                await eventually(lambda: keeps_three(nats), seconds=20)
        thrown = await told_on_bus(nats, f"evt.{hood.slug}.toy.thrown.v1")
        assert len({(one.headers or {})["ce-id"] for one in thrown}) == 100
