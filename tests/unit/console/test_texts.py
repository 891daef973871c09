"""Both languages are complete, and the right one is chosen."""

import ast
import re
from pathlib import Path

import pytest

from services.console.pages import templates, texts
from shared.permissions import Role

PAGES = Path(templates.__file__).parent
IN_TEMPLATE = re.compile(r"""_\((["'])(.+?)\1\)""")
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def sentences_in_code() -> set[str]:
    calls = [
        node
        for file in PAGES.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"_", "N_"}
    ]
    literals = [one.args[0] for one in calls if isinstance(one.args[0], ast.Constant)]
    return {str(one.value) for one in literals}


def sentences_in_templates() -> set[str]:
    return {
        found[1]
        for file in templates.FOLDER.glob("*.html")
        for found in IN_TEMPLATE.findall(file.read_text())
    }


def test_every_sentence_has_its_english_and_none_is_left_over():
    assert sentences_in_code() | sentences_in_templates() == set(texts.ENGLISH)


def test_the_english_is_english_with_the_same_placeholders():
    for chinese, english in texts.ENGLISH.items():
        assert english.isascii(), english
        assert PLACEHOLDER.findall(chinese) == PLACEHOLDER.findall(english)


def test_no_template_says_anything_past_the_catalogue():
    for file in templates.FOLDER.glob("*.html"):
        rest = IN_TEMPLATE.sub("", file.read_text()).replace("中文", "")
        assert re.findall(r"[\u4e00-\u9fff]+", rest) == [], file.name


def test_every_role_has_a_word():
    assert set(texts.ROLES) == set(Role)


def test_templates_hold_no_style_and_no_script_of_their_own():
    for file in templates.FOLDER.glob("*.html"):
        assert not re.search(r"<style|<script|\sstyle=|\son[a-z]+=|\|\s*safe", file.read_text())


@pytest.mark.parametrize(
    ("wanted", "kept", "accepted", "language"),
    [
        (None, "", "", "zh-CN"),
        (None, "", "en-GB,en;q=0.9", "en"),
        (None, "", "EN", "en"),
        (None, "", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        (None, "", "en;q=0.3, zh;q=0.8", "zh-CN"),
        (None, "", "de,en;q=0.5", "en"),
        (None, "", "de, fr", "zh-CN"),
        (None, "", "en;q=0", "zh-CN"),
        (None, "", "en;q=nonsense,,;=;", "zh-CN"),
        (None, "en", "zh", "en"),
        ("zh-CN", "en", "en", "zh-CN"),
        ("en", "zh-CN", "zh", "en"),
        ("../../etc", "<b>", "en", "en"),
    ],
)
def test_language_is_what_was_asked_for_then_kept_then_liked(wanted, kept, accepted, language):
    assert texts.chosen(wanted, kept, accepted) == language
