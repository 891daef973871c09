"""The desk that the tests of the requests service sit at."""

import pytest_asyncio

from tests.integration.directory.conftest import directory, town
from tests.support.desk import Desk
from tests.support.platform import Neighbourhood

__all__ = ["desk", "directory", "town"]


@pytest_asyncio.fixture
async def desk(hood: Neighbourhood) -> Desk:
    return await Desk(hood).open()
