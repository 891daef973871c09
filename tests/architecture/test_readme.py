"""The README in two languages gives the same commands, and links to what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")


def commands(readme: str) -> list[str]:
    """The lines of every block that is pasted into a shell, without what is said about them."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / readme).read_text(), flags=re.DOTALL)
    lines = [line.partition("# ")[0].rstrip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_both_give_the_same_commands() -> None:
    assert commands("README.zh-CN.md") == commands("README.md") != []


@pytest.mark.parametrize("readme", READMES)
def test_links_lead_somewhere(readme: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / readme).read_text())
    assert links
    assert [one for one in links if not (ROOT / one).exists()] == []
