"""Who may do what in the directory. Who may grant which role is a rule of the domain."""

from shared.permissions import EVERY_MEMBER, STAFF, Permissions, Role

__all__ = ["EVERYWHERE", "GRANTING", "may"]

GRANTING = frozenset({Role.COMMUNITY_STAFF, Role.OPERATOR})
"""Roles that may grant, change and take away the trusted roles."""

EVERYWHERE = frozenset({Role.COMMUNITY_STAFF, Role.SUBDISTRICT_STAFF, Role.OPERATOR})
"""Roles that work in every grid of the community; others see the homes of the own one only."""

may = Permissions(
    {
        "open a community": {Role.OPERATOR},
        "change a community": {Role.OPERATOR},
        "see places": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR},
        # Not grid workers: whoever may move a home into the own grid may look into it.
        "change places": EVERYWHERE,
        "change service phones": EVERYWHERE,
        "import": GRANTING,
        "see organisations": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR},
        "change organisations": STAFF | {Role.OPERATOR},
        "see people": STAFF | {Role.OPERATOR},
        "change people": STAFF | {Role.OPERATOR},
        "see households": STAFF | {Role.OPERATOR},
        "have a grid": {Role.GRID_WORKER},
        "log visits": STAFF,
        "see visits": STAFF | {Role.OPERATOR},
        "reveal phones": STAFF | {Role.OPERATOR},
        "see revealed phones": GRANTING | {Role.AUDITOR},
        "invite": STAFF | {Role.OPERATOR},
        # In full, but only of those who act for the caller's own organisation: see the route.
        "see colleagues": EVERY_MEMBER,
        "see names": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR},
    }
)
