"""`docs/guarantees.md`: a promise without a test is no promise."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| (?P<promise>.+?) \| `(?P<proof>tests/[^`]+)` \|$", re.MULTILINE)


def test_every_promise_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "guarantees.md").read_text()
    rows = [one for one in text.splitlines() if one.startswith("| ") and "| Proof |" not in one]
    proofs = [match["proof"] for match in ROW.finditer(text)]
    assert len(proofs) == len(rows) > 0
    missing = [proof for proof in proofs if not exists(proof)]
    assert missing == []


def exists(proof: str) -> bool:
    path, _, name = proof.partition("::")
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text())
    return name in {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
