"""Who may do what with tasks, volunteers and teams. Whose task it is, is a rule of the domain."""

from shared.permissions import EVERY_MEMBER, STAFF, TAKERS, Permissions, Role

__all__ = ["SEES_ALL", "may"]

SEES_ALL = STAFF | {Role.OPERATOR, Role.AUDITOR}
"""Roles that see every task; others see what they may take, hold or have asked for."""

may = Permissions(
    {
        "see tasks": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR},
        "claim": TAKERS,
        "decline": EVERY_MEMBER,
        "check in": EVERY_MEMBER,
        "add photos": EVERY_MEMBER,
        "complete": EVERY_MEMBER,
        "say enough": STAFF,
        "volunteer": EVERY_MEMBER,
        "register others": STAFF,
        "see volunteers": SEES_ALL,
        "see teams": EVERY_MEMBER | {Role.OPERATOR, Role.AUDITOR},
        "change teams": STAFF,
        "see the own hours": EVERY_MEMBER,
        "see hours": SEES_ALL,
        "see what has arrived": EVERY_MEMBER | {Role.OPERATOR},
    }
)
