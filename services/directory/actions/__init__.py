"""The use cases of the directory: load, decide, save, tell."""

from services.directory.actions.adoption import adopt
from services.directory.actions.grids import (
    Logged,
    OnTheGround,
    draw_boundary,
    list_households,
    list_visits,
    log_visit,
    own_grid,
)
from services.directory.actions.importing import import_people, import_places
from services.directory.actions.inviting import NewCode, invite, invite_many
from services.directory.actions.neighbourhood import (
    add_organisation,
    add_place,
    change_community,
    change_organisation,
    change_place,
    open_community,
    remove_place,
)
from services.directory.actions.people import (
    MEMBER_ROLES,
    Deciding,
    Wanted,
    add_person,
    change_me,
    correct_person,
    put_membership,
    remove_home,
    remove_membership,
    remove_phone,
)
from services.directory.actions.phones import find_people, reveal_phone
from services.directory.actions.secret import prepare_decoy
from services.directory.actions.service_phones import (
    give_service_phone,
    service_phone_of_community,
    service_phone_of_member,
)
from services.directory.actions.sign_in import (
    Tokens,
    Transactions,
    change_password,
    ensure_issuer_key,
    ensure_operator,
    forget_expired,
    refresh,
    sign_in,
    sign_in_by_invitation,
    sign_out,
)
from services.directory.actions.state import render, rendering, republish_all

__all__ = [
    "MEMBER_ROLES",
    "Deciding",
    "Logged",
    "NewCode",
    "OnTheGround",
    "Tokens",
    "Transactions",
    "Wanted",
    "add_organisation",
    "add_person",
    "add_place",
    "adopt",
    "change_community",
    "change_me",
    "change_organisation",
    "change_password",
    "change_place",
    "correct_person",
    "draw_boundary",
    "ensure_issuer_key",
    "ensure_operator",
    "find_people",
    "forget_expired",
    "give_service_phone",
    "import_people",
    "import_places",
    "invite",
    "invite_many",
    "list_households",
    "list_visits",
    "log_visit",
    "open_community",
    "own_grid",
    "prepare_decoy",
    "put_membership",
    "refresh",
    "remove_home",
    "remove_membership",
    "remove_phone",
    "remove_place",
    "render",
    "rendering",
    "republish_all",
    "reveal_phone",
    "service_phone_of_community",
    "service_phone_of_member",
    "sign_in",
    "sign_in_by_invitation",
    "sign_out",
]
