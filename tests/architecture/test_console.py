"""What must be true of everything that the console sends to a browser."""

import json
import re
from pathlib import Path

import pytest

from services.console.app import create_app
from services.console.pages import assets, templates
from services.console.pages.access import our_form
from services.console.settings import Settings
from shared.service import api_routes

ROOT = Path(__file__).parent.parent.parent
CONSOLE = ROOT / "services" / "console"
MOST_SCRIPT_BYTES = 40_000
MOST_STYLE_BYTES = 12_000
LONGEST_WORKER = 80


def zipped(name: str) -> int:
    asset = assets._assets()[name]
    return len(asset.zipped or asset.content)


def test_the_first_use_of_a_page_takes_little_script_and_style() -> None:
    """`EXPERIENCE.md` §8: at most 40 kB of script, compressed; with all that may be asked for."""
    base = (templates.FOLDER / "base.html").read_text()
    scripts = set(re.findall(r"asset\([\"']([\w.-]+\.js)", base)) | {assets.SERVICE_WORKER}
    assert {"console.js", "htmx.min.js"} < scripts
    brought = [name for name in scripts if assets.address(name)]
    assert sum(map(zipped, brought)) <= MOST_SCRIPT_BYTES
    assert sum(zipped(path.name) for path in assets.STATIC.glob("*.css")) <= MOST_STYLE_BYTES


def test_large_text_is_one_class_of_the_page_and_nothing_else() -> None:
    """So `tests/browser` loads a page once for both; where it is chosen, words say it too."""
    pages = templates.FOLDER.rglob("*.html")
    assert {one.name for one in pages if "is_large" in one.read_text()} == {"base.html", "me.html"}


def test_what_npm_brings_is_locked_by_hash_and_by_no_address() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text())
    wanted = json.loads((CONSOLE / "package.json").read_text())["dependencies"]
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert {f"node_modules/{name}" for name in wanted} == set(packages)
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
    assert (assets.BROUGHT / "htmx.min.js").exists(), "run `make setup`"


def test_the_service_worker_is_short_and_keeps_nothing_private() -> None:
    worker = (assets.STATIC / assets.SERVICE_WORKER).read_text()
    assert len(worker.splitlines()) <= LONGEST_WORKER
    assert worker.count(".put(") == 1  # beside the shell only forms that say so


def test_script_and_style_name_no_other_place() -> None:
    for path in assets.STATIC.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", text), path.name


@pytest.mark.parametrize("path", sorted(CONSOLE.rglob("templates/**/*.html")), ids=lambda p: p.name)
def test_every_form_says_whose_it_is(path: Path) -> None:
    text = path.read_text()
    for form in re.findall(r'<form method="post".*?</form>', text, re.DOTALL):
        assert 'name="form_token"' in form


def test_every_page_takes_only_our_forms() -> None:
    app = create_app(Settings())
    posts = [route for route in api_routes(app) if "POST" in route.methods]
    assert {"/sign-in", "/sign-out", "/me/password"} <= {route.path for route in posts}
    for route in posts:
        assert our_form in {one.call for one in route.dependant.dependencies}, route.path


def test_every_form_has_an_address_that_can_be_opened() -> None:
    """What took a form is shown under that address: language and text size are changed there."""
    routes = list(api_routes(create_app(Settings())))
    shown = {route.path for route in routes if "GET" in route.methods}
    assert {route.path for route in routes if "POST" in route.methods} <= shown
