"""`make screenshots`: the pictures of docs/pictures, taken from the demo community."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.browser.harness import HOW_TO_GET, Visitors, chromium, installed
from tests.browser.scene import demo_scene
from tests.browser.screens import PICTURES, Picture

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"


async def take(picture: Picture, visitors: Visitors) -> Path:
    """What somebody sees there without scrolling."""
    path = FOLDER / f"{picture.name}.png"
    async with visitors.context_of(picture.who, picture.view) as context:
        page = await context.new_page()
        await page.goto(picture.path.format_map(visitors.scene.things))
        await page.wait_for_load_state()
        await page.screenshot(path=path)
    return path


async def take_all(executable: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jinlin-pictures-") as data:
        async with demo_scene(Path(data)) as scene, chromium(executable) as browser:
            visitors = Visitors(browser, scene)
            for picture in PICTURES:
                print((await take(picture, visitors)).relative_to(ROOT))


if __name__ == "__main__":
    found = installed()
    if found is None:
        sys.exit(HOW_TO_GET)
    asyncio.run(take_all(found))
