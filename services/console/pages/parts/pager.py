"""Long lists in pages: which page an address names."""

from uuid import UUID

from services.console.pages.visitor import Visitor

__all__ = ["after"]


def after(visitor: Visitor) -> UUID | None:
    """The last item of the page before; None for the first page, or for what nobody gave out."""
    try:
        return UUID(visitor.parameter("after"))
    except ValueError:
        return None
