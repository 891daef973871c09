"""The toy service, for the tests of the ground floor."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.platform import Platform
from tests.support.toy.running import Toy, toy_on


@pytest_asyncio.fixture(scope="module")
async def toy(platform: Platform) -> AsyncIterator[Toy]:
    async with toy_on(platform) as running:
        yield running
