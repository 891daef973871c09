"""Keeps the console's catalogues in step: `python -m deploy.translations [--check]`.

Msgids are the Chinese sentences of the pages. Without `--check`, new ones are added to every
catalogue, untranslated, and those that nobody says any more are dropped. With `--check` nothing is
written: exit 1 names what is missing, fuzzy, left over or has lost a placeholder.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

__all__ = ["main", "problems", "template"]

CONSOLE: Final = Path(__file__).parent.parent / "services" / "console"
LOCALE: Final = CONSOLE / "locale"
COLUMNS: Final = 98
METHODS: Final = [("pages/**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS: Final = {"templates/**.html": {"newstyle_gettext": "true", "silent": "false"}}
HEADER: Final = """\
# The pages in {language}; the msgids are the Chinese sentences.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def template() -> Catalog:
    """Every sentence of the pages, in the order in which they are found."""
    catalogue = Catalog()
    keywords = DEFAULT_KEYWORDS | {"N_": None}
    found = extract_from_dir(
        CONSOLE, method_map=METHODS, options_map=OPTIONS, keywords=keywords, comment_tags=()
    )
    for _file, _line, sentence, _comments, context in found:
        catalogue.add(sentence, context=context)
    return catalogue


def problems(catalogue: Catalog) -> Iterator[str]:
    """What keeps a catalogue from being complete."""
    for message in _sentences(catalogue):
        if not message.string or not all(message.string):
            yield f"untranslated: {message.id}"
        elif message.fuzzy:
            yield f"fuzzy: {message.id}"
        for error in message.check(catalogue):
            yield f"{error}: {message.id}"
    for sentence in catalogue.obsolete:
        yield f"nobody says any more: {sentence}"


def _sentences(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "console.po"


def _brought_up_to_date(language: str) -> Catalog:
    with _path(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(template(), no_fuzzy_matching=True)
    return catalogue


def _written(catalogue: Catalog, language: str) -> str:
    """Without line numbers and dates: a catalogue changes when a sentence does."""
    text = BytesIO()
    write_po(
        text, catalogue, width=COLUMNS, no_location=True, omit_header=True, ignore_obsolete=True
    )
    header = HEADER.format(language=language, plural_forms=catalogue.plural_forms)
    return header + text.getvalue().decode().strip() + "\n"


def main() -> int:
    """Bring the catalogues up to date, or check them. 1 when some are not complete."""
    check = "--check" in sys.argv[1:]
    found: list[str] = []
    for folder in sorted(LOCALE.iterdir()):
        catalogue = _brought_up_to_date(folder.name)
        found += [f"{folder.name}: {problem}" for problem in problems(catalogue)]
        text = _written(catalogue, folder.name)
        if not check:
            _path(folder.name).write_text(text)
        elif not found and text != _path(folder.name).read_text():
            found.append(f"{folder.name}: not up to date: run `make docs`")
    for problem in found:
        print(problem)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
