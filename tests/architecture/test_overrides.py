"""The overrides of the composition reach everybody whom they concern."""

from pathlib import Path
from typing import Any

import yaml

from deploy.keys import CLUSTER
from deploy.services import SERVICES

ROOT = Path(__file__).parents[2]
CONFINED = ("read_only", "cap_drop", "security_opt", "pids_limit", "mem_limit")


def containers(path: str) -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / path).read_text())["services"]


BASE = containers("docker-compose.yml")
ON_CLUSTER = containers("deploy/compose/cluster.yml")
OBSERVED = containers("deploy/compose/observability.yml")


def test_whoever_is_on_the_bus_knows_all_its_servers() -> None:
    url = ",".join(f"nats://{one}:4222" for one in CLUSTER)
    on_bus = {
        name
        for name, one in BASE.items()
        if "JINLIN_NATS_URL" in (one.get("environment") or {}) and name != "keys"
    }
    told = {
        name for name, one in ON_CLUSTER.items()
        if (one.get("environment") or {}).get("JINLIN_NATS_URL") == url
    }  # fmt: skip
    assert told == on_bus
    servers = {one["environment"].get("NATS_NAME") for one in ON_CLUSTER.values()}
    assert servers - {None} == set(CLUSTER)
    assert ON_CLUSTER["prepare"]["environment"]["JINLIN_STREAM_REPLICAS"] == len(CLUSTER)


def test_another_server_is_confined_as_the_first_one() -> None:
    for name in set(CLUSTER) - {"nats"}:
        for limit in (*CONFINED, "networks", "restart"):
            assert ON_CLUSTER[name][limit] == BASE["nats"][limit], (name, limit)


def test_every_service_is_traced_and_no_port_is_open_to_others() -> None:
    for name in (*SERVICES, "console"):
        assert OBSERVED[name]["environment"]["JINLIN_OTLP_ENDPOINT"]
    for name in ("prometheus", "otel-collector"):
        assert set(CONFINED) <= OBSERVED[name].keys()
        assert ":" in OBSERVED[name]["image"]
        assert all(port.startswith("127.0.0.1:") for port in OBSERVED[name].get("ports", []))
