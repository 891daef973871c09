"""One platform and one browser for all tests here."""

import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.harness import HOW_TO_GET, Visitors, chromium, installed
from tests.browser.scene import Scene, demo_scene

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last: so that their platform and their browser run for nobody else's tests.

    The longest files begin: one at the end would keep one process busy while the others rest.
    """
    items.sort(key=lambda item: item.path.is_relative_to(HERE) * (2 - _is_long(item)))


def _is_long(item: pytest.Item) -> bool:
    return item.path.stem.startswith("test_screens")


def pytest_runtest_setup() -> None:
    """Skipped here, not by a fixture: then pytest's summary tells of them all in one line."""
    if installed() is None:
        pytest.skip(HOW_TO_GET)


@pytest.fixture(scope="session")
def executable() -> Path:
    found = installed()
    assert found
    return found


@pytest_asyncio.fixture(scope="session")
async def browser(executable: Path) -> AsyncGenerator[Browser]:
    async with chromium(executable) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def scene() -> AsyncGenerator[Scene]:
    with tempfile.TemporaryDirectory(prefix="jinlin-browser-") as folder:
        async with demo_scene(Path(folder)) as playing:
            yield playing


@pytest.fixture(scope="session")
def visitors(browser: Browser, scene: Scene) -> Visitors:
    return Visitors(browser, scene)
