"""The templates, with everything that is put into them escaped."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from services.console.pages import assets, texts
from services.console.pages.parts import times, words
from shared.photos import LARGEST_PHOTO_BYTES, PHOTOS_EACH

__all__ = ["FOLDER", "render"]

FOLDER: Final = Path(__file__).parents[1] / "templates"

_ALWAYS: Final[Mapping[str, Any]] = {
    "asset": assets.address,
    "compound_words": words.COMPOUND_TYPES,
    "health_words": words.HEALTH,
    "kind_words": words.PLACE_KINDS,
    "most_photo_bytes": LARGEST_PHOTO_BYTES,
    "most_photos": PHOTOS_EACH,
    "near_words": words.NEAR,
    "next_words": words.NEXT,
    "organisation_words": words.ORGANISATION_KINDS,
    "service_names": words.SERVICES,
    "star_words": words.STARS,
    "status_words": words.STATUS,
    "step_words": words.STEPS,
    "whom_words": words.WHOM,
}
"""What every template finds, besides what its page gives it."""


@cache
def _templates(language: str) -> Environment:
    """`_()` and `ngettext()` escape the values they are given, like everything else here."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = texts.translations(language)
    environment.install_gettext_callables(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - added by the extension
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    told = catalogue.gettext
    filters: dict[str, Callable[[Any], object]] = {
        "moment": lambda at: times.moment(at, told),
        "day": lambda at: times.day(at, told),
        "date": lambda at: times.whole_date(at, told),
        "options": lambda table: words.options(table, told),
        "roles": lambda names: words.roles(names, told),
    }
    environment.filters.update(filters)
    return environment


def render(language: str, template: str, block: str | None = None, **context: Any) -> str:
    """The HTML of a page, or of one block of it."""
    environment = _templates(language)
    given = {**_ALWAYS, **context}
    if block is None:
        return environment.get_template(template).render(given)
    return render_block(environment, template, block, given)
