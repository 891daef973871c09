"""Who may do what: deny by default, and only the table counts."""

import importlib

import pytest

from deploy.services import SERVICES
from shared import ids, operations
from shared.identity import Caller, Membership
from shared.permissions import (
    ANYBODY,
    EVERY_MEMBER,
    STAFF,
    Permissions,
    Role,
    permission_of,
)
from shared.service import api_routes, camel_case


def test_an_action_that_is_not_in_the_table_cannot_be_asked_for() -> None:
    may = Permissions({"see": {Role.RESIDENT}})
    with pytest.raises(KeyError):
        may("change")


def test_members_are_people_and_staff_are_members() -> None:
    assert STAFF < EVERY_MEMBER
    assert set(Role) - EVERY_MEMBER == {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR}


def test_roles_count_in_their_community_and_platform_roles_everywhere() -> None:
    organisation = ids.new_id()
    caller = Caller(
        ids.new_id(),
        {"wenhua": Membership(frozenset({"resident"}), frozenset({organisation}))},
        frozenset({"auditor"}),
    )
    assert caller.roles_in("wenhua") == {"resident", "auditor"}
    assert caller.roles_in("elsewhere") == {"auditor"}
    assert caller.roles_in(None) == {"auditor"}
    assert caller.organisations_in("wenhua") == {organisation}
    assert caller.organisations_in("elsewhere") == frozenset()


@pytest.mark.parametrize("service", SERVICES)
def test_a_table_grants_known_roles_and_every_line_is_used(service: str) -> None:
    own = importlib.import_module(f"services.{service}.permissions").may.table
    table = own | operations.may.table
    for action, roles in table.items():
        assert roles, action
        assert roles <= set(Role), action
    app_module = importlib.import_module(f"services.{service}.app")
    settings = importlib.import_module(f"services.{service}.settings").Settings()
    asked = {permission_of(route) for route in api_routes(app_module.create_app(settings))}
    assert asked - {ANYBODY, "signed in"} == table.keys()


def test_names_in_the_documents_are_in_camel_case() -> None:
    assert camel_case("close_request") == "closeRequest"
    assert camel_case("list") == "list"
