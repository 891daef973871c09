"""What every test of notices starts from."""

import pytest_asyncio

from tests.integration.notify.story import Story
from tests.support.platform import Neighbourhood


@pytest_asyncio.fixture
async def story(hood: Neighbourhood) -> Story:
    return await Story(hood).open()
