"""Which revision a service's database must be at; reads file names, imports no Alembic."""

from pathlib import Path

__all__ = ["head"]


def head(migrations: Path) -> str:
    """The newest revision in a service's migrations folder; files are named `0001_….py`."""
    return max(path.name.split("_")[0] for path in (migrations / "versions").glob("[0-9]*.py"))
