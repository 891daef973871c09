"""The images hold no package that could be asked which version it is."""

import tomllib
from pathlib import Path

from shared.version import VERSION

ROOT = Path(__file__).parent.parent.parent.parent


def test_the_code_says_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
