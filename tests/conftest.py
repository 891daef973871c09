"""The servers of a test run, and the platform on them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared import telemetry
from tests.support.platform import Neighbourhood, Platform
from tests.support.servers import Servers, choose_infra, start_servers


def pytest_configure() -> None:
    telemetry.configure_logging("WARNING")


def pytest_report_header() -> str:
    kind, reason = choose_infra()
    return f"servers: {kind} ({reason})"


@pytest.fixture(scope="session")
def servers() -> Servers:
    kind, _ = choose_infra()
    with start_servers(kind) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def platform(servers: Servers) -> AsyncIterator[Platform]:
    async with Platform.on(servers) as running:
        yield running


@pytest_asyncio.fixture
async def hood(platform: Platform) -> Neighbourhood:
    """A community of one test, that no other test sees."""
    return await platform.community()
