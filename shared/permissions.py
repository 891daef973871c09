"""Who may do what: one table per service, deny by default, readable as a matrix."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.identity import Caller
from shared.problems import NotAllowed, NotFound, NotSignedIn

__all__ = [
    "ANYBODY",
    "EVERY_MEMBER",
    "STAFF",
    "TAKERS",
    "Permissions",
    "Role",
    "marked",
    "permission_of",
]


class Role(StrEnum):
    """What a person can be in a community, or (operator, auditor) on the whole platform."""

    RESIDENT = "resident"
    VOLUNTEER = "volunteer"
    ORGANISATION_MEMBER = "organisation_member"
    GRID_WORKER = "grid_worker"
    MICRO_GRID_HEAD = "micro_grid_head"
    PROPERTY_STEWARD = "property_steward"
    COMMUNITY_STAFF = "community_staff"
    POINTS_APPROVER = "points_approver"
    SUBDISTRICT_STAFF = "subdistrict_staff"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    INTEGRATOR = "integrator"


EVERY_MEMBER = frozenset(Role) - {Role.AUDITOR, Role.INTEGRATOR, Role.OPERATOR}
"""Everybody who belongs to the community in person."""

STAFF = frozenset({Role.GRID_WORKER, Role.COMMUNITY_STAFF, Role.SUBDISTRICT_STAFF})
"""Those who work for the community."""

TAKERS = frozenset(
    {
        Role.VOLUNTEER,
        Role.ORGANISATION_MEMBER,
        Role.GRID_WORKER,
        Role.MICRO_GRID_HEAD,
        Role.PROPERTY_STEWARD,
        Role.COMMUNITY_STAFF,
    }
)
"""Those who may take requests (接单)."""

ANYBODY = "anybody"
"""The permission of a route that needs no sign-in; such a route gets no `Tx`."""

_Bearer = Annotated[
    HTTPAuthorizationCredentials | None,
    Depends(HTTPBearer(auto_error=False, description="A token from the directory's sign-in.")),
]


class Permissions:
    """The table of one service: an action and the roles that may do it."""

    def __init__(self, table: Mapping[str, AbstractSet[Role]]) -> None:
        """Take the whole table; an action that is not in it cannot be named by a route."""
        self.table = {action: frozenset(roles) for action, roles in table.items()}

    def __call__(self, action: str) -> Any:
        """A dependency that gives the caller to a route, or refuses.

        401 without a good token; 404 for a community that the caller does not belong to, so that
        nobody learns what exists elsewhere; 403 for a member whose roles do not include `action`.
        """
        allowed = self.table[action]

        async def caller_of(request: Request, _token: _Bearer) -> Caller:
            caller = await _authenticated(request)
            community = request.path_params.get("community")
            roles = caller.roles_in(community)
            if not roles and community is not None:
                raise NotFound
            if not roles & allowed:
                raise NotAllowed
            request.state.caller = caller
            return caller

        return Depends(marked(caller_of, action))

    def signed_in(self) -> Any:
        """A dependency for what everybody may do about oneself, in whatever community."""

        async def caller_of(request: Request, _token: _Bearer) -> Caller:
            request.state.caller = caller = await _authenticated(request)
            return caller

        return Depends(marked(caller_of, "signed in"))

    @staticmethod
    def anybody() -> Any:
        """A dependency that says on purpose: no sign-in is needed here."""

        async def nobody() -> None:
            return None

        return Depends(marked(nobody, ANYBODY))


def marked[C: Callable[..., Any]](dependency: C, action: str) -> C:
    """Note on a dependency which action it asks the permission for."""
    dependency.permission = action  # pyright: ignore[reportFunctionMemberAccess] - our own mark
    return dependency


async def _authenticated(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return await request.app.state.service.identity.caller(token)


def permission_of(route: Any) -> str | None:
    """The action that a route asks for; None: the route forgot, and the service must not start."""
    for dependency in route.dependant.dependencies:
        if action := getattr(dependency.call, "permission", None):
            return action
    return None
