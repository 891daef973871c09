"""Every API as its document says: whatever is sent, the answer has a documented form, never 5xx."""

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from deploy.demo.community import COMMUNITY
from tests.support.processes import free_port

ROOT = Path(__file__).parent.parent.parent
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)
FEW = settings(
    max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


class Origin:
    """A running platform, and a token of its staff."""

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        answer = httpx.post(
            f"{address}/api/directory/sign-in", json={"login_name": "staff", "password": password}
        )
        self.headers = {"authorization": f"Bearer {answer.json()['access_token']}"}

    def check(self, case: schemathesis.Case) -> None:
        if "community" in case.path_parameters:
            case.path_parameters["community"] = COMMUNITY
        answer = case.call(base_url=self.address, headers=self.headers, timeout=10)
        case.validate_response(answer, checks=CHECKS)


@pytest.fixture(scope="module")
def origin() -> Generator[Origin]:
    """`jinlin up`, as a developer who writes a client against it has it."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="jinlin-apis-") as folder:
        data = Path(folder) / "data"
        command = [str(Path(sys.prefix) / "bin" / "jinlin"), "up", "--demo"]
        with subprocess.Popen(
            [*command, "--data", str(data), "--port", str(port)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            said = ""
            for line in process.stdout or ():
                said += line
                if "Ready in" in line:
                    break
            assert "Ready in" in said, said
            yield Origin(f"http://127.0.0.1:{port}", (data / "secrets" / "staff").read_text())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def api(service: str) -> schemathesis.BaseSchema:
    """The committed document, without the streams, which never end."""
    document = json.loads((ROOT / "docs" / "api" / f"{service}.json").read_text())
    return schemathesis.openapi.from_dict(document).exclude(
        path_regex=re.compile("/(stream|live)$")
    )


directory, requests, volunteers, points, notify = map(
    api, ("directory", "requests", "volunteers", "points", "notify")
)


@directory.parametrize()
@FEW
def test_directory(case: schemathesis.Case, origin: Origin) -> None:
    origin.check(case)


@requests.parametrize()
@FEW
def test_requests(case: schemathesis.Case, origin: Origin) -> None:
    origin.check(case)


@volunteers.parametrize()
@FEW
def test_volunteers(case: schemathesis.Case, origin: Origin) -> None:
    origin.check(case)


@points.parametrize()
@FEW
def test_points(case: schemathesis.Case, origin: Origin) -> None:
    origin.check(case)


@notify.parametrize()
@FEW
def test_notify(case: schemathesis.Case, origin: Origin) -> None:
    origin.check(case)
