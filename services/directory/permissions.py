"""Who may do what in the directory. Who may grant which role is a rule of the domain."""

from shared.permissions import EVERY_MEMBER, STAFF, Permissions, Role

__all__ = ["GRANTING", "may"]

GRANTING = frozenset({Role.COMMUNITY_STAFF, Role.OPERATOR})
"""Roles that may grant, change and take away the trusted roles."""

may = Permissions(
    {
        "open a community": {Role.OPERATOR},
        "change a community": {Role.OPERATOR},
        "see places": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR},
        "change places": STAFF | {Role.OPERATOR},
        "import": GRANTING,
        "see organisations": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR},
        "change organisations": STAFF | {Role.OPERATOR},
        "see people": STAFF | {Role.OPERATOR},
        "change people": STAFF | {Role.OPERATOR},
        "invite": STAFF | {Role.OPERATOR},
        "see names": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR},
    }
)
