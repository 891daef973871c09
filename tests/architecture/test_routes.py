"""What must be true of every route of every service."""

import inspect
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant

from deploy import services
from shared.door import Door
from shared.permissions import permission_of
from shared.service import api_routes

ROUTES = [
    (service, route)
    for service in services.SERVICES
    for route in api_routes(services.create_app(service)(services.settings(service)))
]
NAMES = [f"{service} {min(route.methods)} {route.path}" for service, route in ROUTES]


GIVE_TOKENS = {"/sign-in", "/sign-in/invitation", "/refresh", "/sign-out", "/me/password"}
"""These answer with secrets, which must not be kept for a second asking."""


def calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from calls(dependency)


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=NAMES)
def test_nothing_on_the_way_of_a_request_takes_a_thread(service: str, route: object) -> None:
    """A plain function as dependency costs a hop to a thread and back, for each request."""
    for call in (route.endpoint, *calls(route.dependant)):
        target = call if inspect.isroutine(call) else type(call).__call__
        assert inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target), call


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=NAMES)
def test_every_route_names_a_permission(service: str, route: object) -> None:
    assert permission_of(route)


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=NAMES)
def test_every_post_goes_through_the_door(service: str, route: object) -> None:
    if "POST" in route.methods and route.path.removeprefix("/api/directory") not in GIVE_TOKENS:
        assert isinstance(route.original_route, Door)


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=NAMES)
def test_every_route_says_what_it_does(service: str, route: object) -> None:
    assert (route.endpoint.__doc__ or "").strip()
