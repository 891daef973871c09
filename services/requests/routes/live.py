"""Requests, live."""

from services.requests.permissions import may
from services.requests.routes.eyes import seen_by
from shared import live_routes
from shared.identity import Caller
from shared.live import Reader

__all__ = ["router"]


def _reader_of(viewer: Caller, community: str) -> Reader:
    return Reader(viewer.person_id, community, sees_all=seen_by(viewer, community) is None)


router = live_routes.router(
    may("see requests"),
    _reader_of,
    summary="Which requests change (`changed`): all for staff, for others those they have to do"
    " with.",
)
