"""Who may do what with points. Whose account it is, is a rule of the domain."""

from shared.permissions import EVERY_MEMBER, STAFF, Permissions, Role

__all__ = ["SEES_ALL", "may"]

SEES_ALL = STAFF | {Role.AUDITOR}
"""Roles that see every account of their community."""

may = Permissions(
    {
        "see the own account": EVERY_MEMBER,
        "see an organisation's account": EVERY_MEMBER | {Role.AUDITOR},
        "see a person's account": SEES_ALL,
        "see the totals": SEES_ALL | {Role.OPERATOR},
        "see the rules": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR},
        "change the rules": {Role.COMMUNITY_STAFF, Role.OPERATOR},
        "see what has arrived": EVERY_MEMBER | {Role.OPERATOR},
    }
)
