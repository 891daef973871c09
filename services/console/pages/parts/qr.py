"""QR codes for paper: an address that a phone opens when it looks at them."""

from typing import Final

import segno
from markupsafe import Markup

__all__ = ["qr"]

QUIET_ZONE_MODULES: Final = 4
"""The white edge that ISO/IEC 18004 asks for; paper may be folded or dark around it."""


def qr(address: str) -> Markup:
    """A QR code as SVG, readable with 15 % of it torn or stained."""
    drawn = segno.make(address, error="m", micro=False)
    return Markup(  # noqa: S704 - drawn by segno, of modules and no text
        drawn.svg_inline(border=QUIET_ZONE_MODULES, omitsize=True, lineclass=None)
    )
