"""Whose eyes a request is shown to."""

from services.requests import store
from services.requests.domain import ServiceRequest
from services.requests.permissions import SEES_ALL
from shared.identity import Caller

__all__ = ["concerns", "eyes_of", "seen_by"]


def eyes_of(caller: Caller, community: str) -> store.Eyes:
    """The caller, and for whom they may take what is offered."""
    takers = caller.organisations_in(community) | {caller.person_id}
    return store.Eyes(caller.person_id, sorted(takers))


def seen_by(caller: Caller, community: str) -> store.Eyes | None:
    """Whose eyes a list is made for; None: somebody who may see every request."""
    return None if caller.roles_in(community) & SEES_ALL else eyes_of(caller, community)


def concerns(request: ServiceRequest, caller: Caller) -> bool:
    """Whether a request is the caller's business: as staff, owner or handler."""
    is_staff = seen_by(caller, request.community) is None
    return is_staff or caller.person_id in request.owners | request.handlers
