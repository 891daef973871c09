"""Prometheus, with our configuration, sees every process, and notices the one that stops."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from tests.support.platform import eventually
from tests.support.processes import ROOT, ServiceProcess, free_port, platform_in_processes
from tests.support.servers import Servers, start_servers

OBSERVABILITY = ROOT / "deploy/observability"

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="no Prometheus: apt-get install prometheus"
)


@pytest.fixture(scope="module")
def own_servers(servers: Servers) -> Servers:
    with start_servers(servers.kind) as running:
        yield running


def hurried(folder: Path, targets: Mapping[str, int], own_port: int) -> Path:
    """Our configuration in a hurry: with the addresses of processes instead of a name server."""
    config = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    platform, itself = config["scrape_configs"]
    (dns,) = platform.pop("dns_sd_configs")
    assert set(dns["names"]) == set(targets)
    platform["static_configs"] = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"__meta_dns_name": name}}
        for name, port in targets.items()
    ]
    itself["static_configs"] = [{"targets": [f"127.0.0.1:{own_port}"]}]
    rules = yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        if "for" in rule:
            rule["for"] = "1s"
    (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


@dataclass(frozen=True)
class Prometheus:
    client: httpx.AsyncClient

    async def ask(self, path: str) -> dict:
        try:
            answer = await self.client.get(f"/api/v1/{path}")
        except httpx.TransportError:
            return {}
        return answer.json()["data"] if answer.status_code == httpx.codes.OK else {}

    async def health(self) -> dict[str, str]:
        """By job."""
        targets = (await self.ask("targets")).get("activeTargets", [])
        return {one["labels"]["job"]: one["health"] for one in targets}

    async def firing(self) -> set[tuple[str, str]]:
        """Alert and whom it is about."""
        return {
            (one["labels"]["alertname"], one["labels"].get("job") or one["labels"]["service"])
            for one in (await self.ask("alerts")).get("alerts", [])
            if one["state"] == "firing"
        }


@asynccontextmanager
async def prometheus(folder: Path, targets: Mapping[str, int]) -> AsyncGenerator[Prometheus]:
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={hurried(folder, targets, port)}",
            f"--storage.tsdb.path={folder / 'figures'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield Prometheus(client)
    finally:
        process.terminate()
        await process.wait()


async def test_a_service_that_stops_is_noticed(own_servers: Servers, tmp_path: Path) -> None:
    console = ServiceProcess("console", free_port(), {}, tmp_path / "console.log")
    async with platform_in_processes(own_servers, tmp_path) as platform:
        console.environment = {"JINLIN_PORT": str(console.port), "JINLIN_ORIGIN": platform.origin}
        await console.start()
        targets = {one.name: one.port for one in (*platform.services.values(), console)}
        async with prometheus(tmp_path, targets) as watching:

            async def all_well() -> bool:
                health = await watching.health()
                return (
                    health.keys() == {*targets, "prometheus"}
                    and set(health.values()) == {"up"}
                    and not await watching.firing()
                )

            await eventually(all_well, seconds=30)
            await platform.services["points"].stop()

            async def noticed() -> bool:
                return await watching.firing() == {("ServiceDown", "points")}

            await eventually(noticed, seconds=30)
        await console.stop()
