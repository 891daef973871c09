"""The wall on the bus: every service has its own events and its own consumers, and no others.

That each one works behind it, `tests/e2e/test_wenhua_road.py` proves: the services' processes come
in as these users.
"""

import json
from collections.abc import AsyncGenerator
from typing import Any

import nats as nats_py
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy import services
from deploy.keys import OPERATIONS, bus_users
from deploy.local.data_folder import new_password, private_folder
from deploy.local.nats import LocalNats
from shared.topology import Limits, inbox_prefix, provision
from tests.support.platform import eventually

WAIT_SECONDS = 1
"""A refusal is an answer to nobody: the asker's call runs into its time limit."""


class Bus:
    """A server with the users of an installation."""

    def __init__(self, address: str, passwords: dict[str, str]) -> None:
        self.address = address
        self.passwords = passwords
        self.refused: list[str] = []

    async def enter(self, user: str, **options: Any) -> Client:
        async def heard(error: Exception) -> None:
            self.refused.append(str(error).lower())

        known = {"user": user, "password": self.passwords[user]}
        return await nats_py.connect(
            self.address,
            **known | {"inbox_prefix": inbox_prefix(user), "error_cb": heard} | options,
        )


@pytest_asyncio.fixture(scope="module")
async def bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bus]:
    passwords = {user: new_password() for user in (*services.SERVICES, OPERATIONS)}
    folder = private_folder(tmp_path_factory.mktemp("bus") / "data")
    server = LocalNats(folder, bus_users(passwords))
    await server.start()
    try:
        bus = Bus(f"nats://{server.url.rpartition('@')[2]}", passwords)
        operator = await bus.enter(OPERATIONS)
        limits = Limits(stream_bytes=64 * 1024**2)
        await provision(operator, services.consumer_specs(), limits)
        await operator.close()
        yield bus
    finally:
        await server.stop()


@pytest.fixture(autouse=True)
def nothing_refused_yet(bus: Bus) -> None:
    bus.refused.clear()


async def is_refused(bus: Bus, user: str, subject: str, body: bytes = b"") -> None:
    """The server does not take a request on `subject`, and says so on the user's connection."""
    client = await bus.enter(user)
    try:
        with pytest.raises((TimeoutError, NatsError)):
            await client.request(subject, body, timeout=WAIT_SECONDS)

        async def refused() -> bool:
            return any("permissions violation for publish" in one for one in bus.refused)

        await eventually(refused)
    finally:
        await client.close()


@pytest.mark.parametrize("known", [{}, {"user": "points", "password": "guessed"}])
async def test_nobody_comes_in_without_a_name_and_its_password(bus: Bus, known: Any) -> None:
    with pytest.raises(NatsError):
        await nats_py.connect(bus.address, allow_reconnect=False, error_cb=quietly, **known)


async def quietly(_error: Exception) -> None:
    """The call raises it, too."""


@pytest.mark.parametrize("service", services.SERVICES)
async def test_a_service_tells_its_own_events_and_asks_for_its_own_consumers(
    bus: Bus, service: str
) -> None:
    client = await bus.enter(service)
    stream = client.jetstream()
    subject = f"evt.somewhere.{service}.told.v1"
    assert (await stream.publish(subject, b"{}")).stream == service.upper()
    for spec in services.definition(service).consumers.specs:
        assert (await stream.consumer_info(spec.stream, spec.durable)).name == spec.durable
        letter = await stream.publish(f"dlq.{spec.durable}", b"{}")
        assert letter.stream == "DLQ"
    await client.close()
    assert bus.refused == []


async def test_what_was_told_arrives_and_its_ack_counts(bus: Bus) -> None:
    spec = next(one for one in services.consumer_specs() if one.durable.startswith("points-"))
    operator, points = await bus.enter(OPERATIONS), await bus.enter("points")
    subject = spec.events[0].subjects().replace("*", "somewhere", 1).replace(".>", ".one")
    await operator.jetstream().publish(subject, b"{}")
    subscription = await points.jetstream().pull_subscribe_bind(
        spec.durable, stream=spec.stream, inbox_prefix=f"{inbox_prefix('points')}.".encode()
    )
    [message] = await subscription.fetch(1, timeout=5)
    await message.ack_sync()
    info = await points.jetstream().consumer_info(spec.stream, spec.durable)
    assert info.num_ack_pending == 0
    await points.close()
    await operator.close()
    assert bus.refused == []


@pytest.mark.parametrize(
    "subject",
    [
        "evt.somewhere.requests.closed.v1",  # another's event
        "evt.somewhere.directory.person_changed.v1",
        "dlq.notify-points",  # another's dead letter
        "$JS.API.CONSUMER.INFO.REQUESTS.volunteers-requests",  # another's consumer
        "$JS.API.CONSUMER.MSG.NEXT.REQUESTS.volunteers-requests",
        "$JS.ACK.REQUESTS.volunteers-requests.1.1.1.1.0",
        "$JS.API.STREAM.INFO.REQUESTS",
        "$JS.API.STREAM.DELETE.POINTS",
        "$JS.API.STREAM.MSG.GET.REQUESTS",
        "$JS.API.DIRECT.GET.REQUESTS",
        "$JS.API.CONSUMER.DELETE.REQUESTS.points-requests-closed",
        "$SYS.REQ.SERVER.PING",
    ],
)
async def test_a_service_does_nothing_else(bus: Bus, subject: str) -> None:
    await is_refused(bus, "points", subject)


async def test_a_service_makes_no_consumer(bus: Bus) -> None:
    config = {"durable_name": "spy", "ack_policy": "explicit"}
    for path in ("CONSUMER.DURABLE.CREATE.REQUESTS.spy", "CONSUMER.CREATE.REQUESTS.spy"):
        body = json.dumps({"stream_name": "REQUESTS", "config": config}).encode()
        await is_refused(bus, "points", f"$JS.API.{path}", body)


@pytest.mark.parametrize("subject", ["evt.>", "dlq.>", "_INBOX_notify.>", "_INBOX.>", "$JS.>"])
async def test_a_service_overhears_nothing(bus: Bus, subject: str) -> None:
    client = await bus.enter("points")
    await client.subscribe(subject)

    async def refused() -> bool:
        return any("permissions violation for subscription" in one for one in bus.refused)

    await eventually(refused)
    await client.close()


def test_the_names_in_these_tests_are_real() -> None:
    durables = {spec.durable for spec in services.consumer_specs()}
    assert {"volunteers-requests", "points-requests-closed", "notify-points"} <= durables
