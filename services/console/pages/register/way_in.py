"""Where somebody with a one-time code goes, as paper says it."""

from dataclasses import dataclass

from markupsafe import Markup

from services.console.pages.parts.qr import qr
from services.console.pages.visitor import Visitor

__all__ = ["WayIn", "way_in"]


@dataclass(frozen=True, slots=True)
class WayIn:
    """The address to type, and the same for a phone to look at."""

    address: str
    qr: Markup


def way_in(visitor: Visitor) -> WayIn:
    """The page that takes a code; the code itself is in no address."""
    address = visitor.outside("/invitation")
    return WayIn(address, qr(address))
