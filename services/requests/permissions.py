"""Who may do what with requests. Whose request it is, is a rule of the domain."""

from shared.permissions import EVERY_MEMBER, STAFF, Permissions, Role

__all__ = ["SEES_ALL", "may"]

SEES_ALL = STAFF | {Role.OPERATOR, Role.AUDITOR}
"""Roles that see every request of their community; others see public ones and their own."""

may = Permissions(
    {
        "see the catalogue": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR, Role.INTEGRATOR},
        "change the catalogue": {Role.COMMUNITY_STAFF, Role.OPERATOR},
        "submit": EVERY_MEMBER,
        "see requests": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR},
        "add photos": EVERY_MEMBER,
        "see the queues": SEES_ALL,
        "see figures": SEES_ALL | {Role.INTEGRATOR},
        "compare communities": {Role.OPERATOR, Role.AUDITOR},
        "register": STAFF,
        "reject": {Role.COMMUNITY_STAFF, Role.SUBDISTRICT_STAFF},
        "list": STAFF,
        "dispatch": STAFF,
        "note": STAFF,
        "verify": STAFF,
        "settle on the spot": STAFF,
        "close": EVERY_MEMBER,
        "cancel": EVERY_MEMBER,
        "rate": EVERY_MEMBER,
        "reopen": EVERY_MEMBER,
        "say not solved": EVERY_MEMBER,
        "print a slip": EVERY_MEMBER,
        "see what has arrived": EVERY_MEMBER | {Role.OPERATOR},
    }
)
