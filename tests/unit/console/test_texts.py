"""Both languages are complete, and the right one is chosen."""

import re

import pytest
from babel.messages.pofile import read_po

from deploy import translations
from services.console.pages import templates, texts
from services.console.pages.parts import words
from shared.permissions import Role

IN_TEMPLATE = re.compile(r"""(?:_|ngettext)\((?:(["'])(.+?)\1(?:, )?)+""")
FILES = sorted(templates.FOLDER.rglob("*.html"))


def english():
    with (texts.LOCALE / "en" / "LC_MESSAGES" / "console.po").open("rb") as file:
        return read_po(file, locale="en")


def test_every_sentence_has_its_english_and_none_is_left_over():
    catalogue = english()
    found = {message.id for message in translations.template() if message.id}
    assert found == {message.id for message in catalogue if message.id}
    assert list(translations.problems(catalogue)) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('msgid "您好"\nmsgstr ""', "untranslated: 您好"),
        ('#, fuzzy\nmsgid "您好"\nmsgstr "Hello"', "fuzzy: 您好"),
        ('#~ msgid "您好"\n#~ msgstr "Hello"', "nobody says any more: 您好"),
        ('#, python-format\nmsgid "%(n)d 条"\nmsgstr "%(m)d"', "%(n)d 条"),
        ('msgid "%(n)d 条"\nmsgid_plural "%(n)d 条"\nmsgstr[0] "one"\nmsgstr[1] ""', "untransl"),
    ],
)
def test_what_is_missing_is_named(tmp_path, entry, problem):
    path = tmp_path / "console.po"
    path.write_text(f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n{entry}\n')
    with path.open("rb") as file:
        found = list(translations.problems(read_po(file, locale="en")))
    assert len(found) == 1
    assert problem in found[0]


def test_the_english_is_english():
    for message in english():
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(one.isascii() for one in said), message.string


def test_both_languages_count():
    counted = texts.translations("en").ngettext
    assert counted("还缺 %(num)s 人", "还缺 %(num)s 人", 1) == "%(num)s more person wanted"
    assert counted("还缺 %(num)s 人", "还缺 %(num)s 人", 2) == "%(num)s more people wanted"
    assert texts.translations("zh-CN").ngettext("还缺", "还缺", 1) == "还缺"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_template_says_anything_past_the_catalogue(file):
    rest = IN_TEMPLATE.sub("", file.read_text()).replace("中文", "")
    assert re.findall(r"[\u4e00-\u9fff]+", rest) == []


def test_every_role_has_a_word():
    assert set(words.ROLES) == set(Role)
    assert words.roles(["operator", "resident"], texts.translations("en").gettext) == (
        "resident, operator"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_templates_hold_no_style_and_no_script_of_their_own(file):
    inline = r"<style|<script>|\sstyle=|\son[a-z]+=|hx-on|\|\s*safe|autoescape"
    assert not re.search(inline, file.read_text())


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
