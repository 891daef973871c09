"""What a member can do now with a request that is theirs: the rules themselves are asked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.requests.domain.intake import cancel
from services.requests.domain.outcome import close, rate, say_not_solved
from services.requests.domain.photos import require_may_show
from services.requests.domain.request import ServiceRequest, is_allowed


@dataclass(frozen=True, slots=True)
class OwnChoices:
    """Which buttons would do something for whoever asked or filed it, or works on it."""

    confirm: bool
    not_solved: bool
    rate: bool
    cancel: bool
    add_photos: bool


def own_choices(request: ServiceRequest, *, by: UUID, now: datetime) -> OwnChoices:
    """The choices of `by` as a member; what staff may do besides is another matter."""
    return OwnChoices(
        confirm=is_allowed(lambda: close(request, by=by, is_staff=False, now=now)),
        not_solved=is_allowed(lambda: say_not_solved(request, by=by, reason="?", now=now)),
        rate=is_allowed(lambda: rate(request, by=by, stars=1, now=now)),
        cancel=is_allowed(lambda: cancel(request, by=by, is_staff=False, now=now)),
        add_photos=is_allowed(lambda: require_may_show(request, by=by, is_staff=False)),
    )
