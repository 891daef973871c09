"""The community's categories, in the visitor's language."""

from collections.abc import Iterable

from services.console.clients.models.requests import CategoryView
from services.console.pages.texts import ENGLISH
from services.console.pages.visitor import Visitor

__all__ = ["category_titles"]


def category_titles(
    visitor: Visitor, catalogue: Iterable[CategoryView] | None, *, active: bool = False
) -> dict[str, str]:
    """What the categories are called, by code; `active`: only those that may still be chosen."""
    english = visitor.language == ENGLISH
    return {
        one.code: one.title_en if english else one.title_zh
        for one in catalogue or ()
        if one.active or not active
    }
