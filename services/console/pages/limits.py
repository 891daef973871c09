"""How large a form may be: enough for photos where there may be some, and small anywhere else."""

from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from services.console.pages.visitor import SESSION
from shared.limits import LARGEST_BODY_BYTES
from shared.photos import LARGEST_PHOTO_BYTES, PHOTOS_EACH, PhotoTooLarge
from shared.problems import Problem, TooLarge

__all__ = ["LARGEST_PHOTO_FORM_BYTES", "MOST_FORMS_BYTES", "limit_of"]

LARGEST_PHOTO_FORM_BYTES: Final = PHOTOS_EACH * LARGEST_PHOTO_BYTES + LARGEST_BODY_BYTES
"""Six photos, and the words beside them. The edge takes as much (`deploy/caddy/Caddyfile`)."""

MOST_FORMS_BYTES: Final = 4 * LARGEST_PHOTO_FORM_BYTES
"""Of all forms that are on their way at a time: they lie in `/tmp`, which a container holds in its
memory."""


def limit_of(scope: Scope) -> tuple[int, Problem]:
    """The limit of one request: photos come only from somebody who has signed in."""
    request = Request(scope)
    has_files = request.headers.get("content-type", "").startswith("multipart/form-data")
    if has_files and any(name in request.cookies for name in (SESSION, f"__Host-{SESSION}")):
        return LARGEST_PHOTO_FORM_BYTES, PhotoTooLarge()
    return LARGEST_BODY_BYTES, TooLarge()
