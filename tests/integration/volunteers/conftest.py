"""A task board for each test of the volunteers service."""

import pytest_asyncio

from tests.support.board import Board
from tests.support.platform import Neighbourhood


@pytest_asyncio.fixture
async def board(hood: Neighbourhood) -> Board:
    return await Board(hood).open()
