"""The templates, with everything that is put into them escaped."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["FOLDER", "render"]

FOLDER: Final = Path(__file__).parents[1] / "templates"

_templates = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **context: Any) -> str:
    """The HTML of one page."""
    return _templates.get_template(template).render(context)
