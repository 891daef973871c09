"""The rules of the house that no linter knows (`DESIGN.md` §4, rule 10)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.console_clients import WRITTEN

ROOT = Path(__file__).parent.parent.parent
LONGEST_FUNCTION = 40
LONGEST_FILE = 300
GENERATED = ROOT / "services" / "console" / "clients"
"""As long as the APIs are: `make docs` writes them, nobody edits them."""


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        found = sorted((ROOT / folder).rglob("*.py"))
        yield from (path for path in found if "node_modules" not in path.parts)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("folder", ["services", "shared", "deploy"])
def test_no_file_and_no_function_is_too_long(folder: str) -> None:
    long_files = [
        f"{path.relative_to(ROOT)}: {len(path.read_text().splitlines())} lines"
        for path in sources(folder)
        if len(path.read_text().splitlines()) > LONGEST_FILE
        and (GENERATED not in path.parents or path.name in WRITTEN)
    ]
    long_functions = [
        f"{path.relative_to(ROOT)}:{one.lineno} {one.name}"
        for path in sources(folder)
        for one in functions(path)
        if (one.end_lineno or 0) - one.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long_files + long_functions == []


def test_only_the_door_and_the_consumers_open_and_end_transactions() -> None:
    """Rule 1: nobody else calls commit or rollback."""
    callers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("services", "shared")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    assert callers == []


def test_only_stores_and_the_ground_floor_hold_sql() -> None:
    """Rule 5: all SQL is in `store`."""
    callers = [
        str(path.relative_to(ROOT))
        for path in sources("services")
        if not {"store", "migrations"} & {*path.parts, path.stem}
        and any(
            isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy"
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]
    assert callers == []


def test_pytest_imports_by_path() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_no_test_sleeps_or_skips_without_a_reason() -> None:
    """Rule 11: a test waits for a condition (`eventually`); what it skips, it says why."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("tests")
        if path.name != "platform.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and "  # " not in path.read_text().splitlines()[node.lineno - 1]  # says why
    ]
    assert found == []
