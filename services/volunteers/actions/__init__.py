"""The use cases of the volunteers service: load, decide, save, tell."""

from services.volunteers.actions.adoption import adopt
from services.volunteers.actions.people import (
    Grouping,
    Offering,
    change_members,
    change_volunteer,
    form_team,
    register,
    register_many,
    require_somebody,
)
from services.volunteers.actions.photos import add_photo
from services.volunteers.actions.tasks import (
    Change,
    check_in,
    claim,
    complete,
    decline,
    enough,
    follow_requests,
)

__all__ = [
    "Change",
    "Grouping",
    "Offering",
    "add_photo",
    "adopt",
    "change_members",
    "change_volunteer",
    "check_in",
    "claim",
    "complete",
    "decline",
    "enough",
    "follow_requests",
    "form_team",
    "register",
    "register_many",
    "require_somebody",
]
