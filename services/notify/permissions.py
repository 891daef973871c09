"""Who may do what with notices. An inbox is its owner's alone: that needs a sign-in, no role."""

from shared.permissions import EVERY_MEMBER, STAFF, Permissions, Role

__all__ = ["may"]

may = Permissions(
    {
        "see which notices were made": STAFF | {Role.OPERATOR, Role.AUDITOR},
        "see what has arrived": EVERY_MEMBER | {Role.OPERATOR},
    }
)
