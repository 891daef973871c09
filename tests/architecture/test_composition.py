"""The composition confines everybody: `docker-compose.yml` as Compose reads it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.environment import WIRED, example
from deploy.keys import Keys, make_keys
from deploy.services import SERVICES
from deploy.where import PlatformSettings
from services.console.pages.limits import LARGEST_PHOTO_FORM_BYTES

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSITION: Mapping[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: Mapping[str, Any] = COMPOSITION["services"]
ONCE = {"keys", "prepare"}
"""They end by themselves."""

every_container = pytest.mark.parametrize("name", CONTAINERS)


def volumes(name: str) -> dict[str, str]:
    """The volumes of a container, and where it sees them."""
    pairs = [one.split(":") for one in CONTAINERS[name].get("volumes", [])]
    return {pair[0]: ":".join(pair[1:]) for pair in pairs}


def test_the_topology_is_whole() -> None:
    assert {*SERVICES, "console", "caddy", "postgres", "nats"} <= CONTAINERS.keys()
    assert "name" not in COMPOSITION  # Compose 1.29 refuses it
    assert "version" not in COMPOSITION


@every_container
def test_everybody_is_confined(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in container["tmpfs"]
    assert container["pids_limit"] > 0
    assert container["mem_limit"]
    assert not container.get("privileged")
    assert ("cap_add" in container) == (name == "postgres")


@every_container
def test_only_the_edge_is_reached_from_outside(name: str) -> None:
    container = CONTAINERS[name]
    inner = [one for one in container["networks"] if COMPOSITION["networks"][one].get("internal")]
    if name == "caddy":
        assert container["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]
        assert inner == ["inside"]
    else:
        assert "ports" not in container
        assert inner == container["networks"]


def test_the_edge_and_the_console_see_no_server() -> None:
    for name in ("caddy", "console"):
        assert "data" not in CONTAINERS[name]["networks"]
        assert not any(one.startswith("keys") for one in volumes(name))


@every_container
def test_everybody_who_stays_says_how_it_is(name: str) -> None:
    if name not in {*ONCE, "maintain", "operations"}:
        assert CONTAINERS[name]["healthcheck"]["test"]
        assert CONTAINERS[name]["restart"] == "unless-stopped"


@every_container
def test_who_waits_waits_for_health_or_for_an_end(name: str) -> None:
    for other, how in dict(CONTAINERS[name].get("depends_on") or {}).items():
        ends = other in ONCE
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_own_keys_and_database_and_no_others(service: str) -> None:
    assert volumes(service) == {f"keys-{service}": "/run/secrets:ro"}
    environment = CONTAINERS[service]["environment"]
    assert environment["JINLIN_SECRETS"] == "/run/secrets"
    assert (
        environment["JINLIN_DATABASE_URL"] == f"postgresql+asyncpg://{service}@postgres/{service}"
    )


def test_every_folder_of_keys_is_a_volume_of_its_own(tmp_path: Path) -> None:
    make_keys(tmp_path)
    wanted = {f"keys-{one.name}": f"/keys/{one.name}" for one in tmp_path.iterdir()}
    held = {one: where for one, where in volumes("keys").items() if one.startswith("keys-")}
    assert held == wanted
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    [holders] = re.findall(r"for holder in ([a-z ]+);", dockerfile)
    assert sorted(holders.split()) == sorted(one.name for one in tmp_path.iterdir())


def test_no_secret_is_on_the_page() -> None:
    assert not re.findall(r"\$\{[A-Z_]*PASSWORD[A-Z_]*:?[-?+]", TEXT)
    for container in CONTAINERS.values():
        for name, value in (container.get("environment") or {}).items():
            assert value is None or "PASSWORD" not in name or name.endswith("_FILE")
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value))


def test_the_example_has_every_setting_that_the_composition_takes_and_no_other() -> None:
    asked = {
        name
        for container in CONTAINERS.values()
        for name, value in (container.get("environment") or {}).items()
        if value is None
    }
    asked |= set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    offered = re.findall(r"^#?([A-Z_]+)=", example(), flags=re.MULTILINE)
    assert sorted(offered) == sorted(asked)


def test_nobody_is_named_unless_somebody_names_them() -> None:
    lines = example().splitlines()
    assert {"JINLIN_OPERATOR_NAME=", "JINLIN_OPERATOR_PASSWORD="} <= set(lines)
    assert {"postgres_url", "keys", "nats_url"} <= WIRED & PlatformSettings.model_fields.keys()


def test_keys_are_made_once_and_each_is_another(tmp_path: Path) -> None:
    make_keys(tmp_path)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    first = {one: one.read_text() for one in files}
    make_keys(tmp_path)
    assert {one: one.read_text() for one in files} == first
    secrets = [text for one, text in first.items() if one.suffix != ".conf"]
    assert len(set(secrets)) == len(secrets) > 3 * len(SERVICES)
    assert Keys(tmp_path).role_passwords().keys() == {
        f"{service}{end}" for service in SERVICES for end in ("", "_owner")
    }
    modes = {one.stat().st_mode & 0o777 for one in files if one.parent.name in SERVICES}
    assert modes == {0o600}


def test_everybody_takes_the_address_with_its_password() -> None:
    """`database_url` is what the environment says; in the composition it has no password."""
    takers = [
        str(path.relative_to(ROOT))
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if ".database_url" in path.read_text()
    ]
    assert takers == ["shared/settings.py"]


def test_the_edge_takes_forms_as_large_as_the_console_does() -> None:
    edge = (ROOT / "deploy/caddy/Caddyfile").read_text()
    [largest] = re.findall(r"request_body \{\s+max_size (\d+)MiB", edge)
    assert int(largest) * 1024**2 == LARGEST_PHOTO_FORM_BYTES


@pytest.mark.parametrize(
    ("uri", "logged"),
    [
        ("/f/7KQ2-M9XA-04TF", "/f/"),
        ("/f/7KQ2-M9XA-04TF/rate?lang=en", "/f//rate"),
        ("/api/requests/follow-up/7KQ2-M9XA-04TF?x", "/api/requests/follow-up/"),
        ("/api/directory/wh/people?q=13812345678", "/api/directory/wh/people"),
        ("/in/wh/desk", "/in/wh/desk"),
    ],
)
def test_no_code_and_no_search_reaches_the_log_of_the_edge(uri: str, logged: str) -> None:
    edge = (ROOT / "deploy/caddy/Caddyfile").read_text()
    [(found, kept)] = re.findall(r'request>uri regexp "(.+)" "(.+)"', edge)
    assert re.sub(found, kept.replace("$", "\\"), uri) == logged
    assert {"request>headers>Referer delete", "resp_headers>Location delete"} <= {
        line.strip() for line in edge.splitlines()
    }
