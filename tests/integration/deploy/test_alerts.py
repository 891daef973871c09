"""The alerts ask for figures that are told, and everybody can read what they mean."""

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from deploy import services
from tests.support.figures import families, page_of
from tests.support.platform import Platform

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "deploy/observability/alerts.yml"
PAGE = ROOT / "docs/observability.md"
NAME = re.compile(r"\bjinlin_[a-z_]+")
LENGTH = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}

promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool: apt-get install prometheus"
)


def alerts() -> list[dict]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return group["rules"]


@pytest.fixture
async def told(platform: Platform) -> set[str]:
    """The names of all figures of a service and of the console, as queries name them."""
    points = await page_of(await platform.app("points"))
    console = services.console("http://127.0.0.1:1")
    transport = httpx.ASGITransport(console)
    async with (
        console.router.lifespan_context(console),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        pages = points, (await client.get("/metrics")).text
    return {
        family.name + ending
        for page in pages
        for family in families(page)
        for ending in LENGTH[family.type]
        if not family.name.endswith("_created")
    }


async def test_alerts_ask_only_for_figures_that_are_told(told: set[str]) -> None:
    asked = {name for one in alerts() for name in NAME.findall(one["expr"])}
    assert asked <= told


async def test_the_page_names_every_figure_and_no_other(told: set[str]) -> None:
    named = set(NAME.findall(PAGE.read_text()))
    assert {one for one in told if not one.endswith(("_bucket", "_sum", "_count"))} <= named
    assert named <= told | {"jinlin_http_call_seconds"}


def test_every_alert_says_what_is_wrong_and_what_to_do_in_both_languages() -> None:
    for one in alerts():
        assert one["labels"]["severity"] in {"page", "warning"}
        for name in ("summary", "action"):
            words = re.sub(r"{{.*?}}", "", one["annotations"][name])
            assert re.search(r"[\u4e00-\u9fff]", words), (one["alert"], name)
            assert len(re.findall(r"\b[a-z]{2,}\b", words)) > 1, (one["alert"], name)
        page, _, heading = one["annotations"]["runbook"].partition("#")
        assert heading in headings(ROOT / page), one["alert"]
        assert f"`{one['alert']}`" in PAGE.read_text()


def headings(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in titles}


@promtool
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "deploy/observability/prometheus.yml"),
        ("test", "rules", "tests/integration/deploy/alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_takes_them(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
