"""The rules of tasks and of those who take them: each gives the new state and what to tell."""

from services.volunteers.domain.adoption import adopt
from services.volunteers.domain.follow import RequestStep, follow_request
from services.volunteers.domain.people import (
    Availability,
    Team,
    Volunteer,
    change_members,
    change_volunteer,
    ordered,
    register,
)
from services.volunteers.domain.steps import (
    Report,
    check_in,
    claim,
    complete,
    decline,
    enough,
    require_may_show,
)
from services.volunteers.domain.task import (
    Actor,
    Assignment,
    Board,
    Evidence,
    Standing,
    State,
    Task,
)
from services.volunteers.domain.words import AlreadyRegistered

__all__ = [
    "Actor",
    "AlreadyRegistered",
    "Assignment",
    "Availability",
    "Board",
    "Evidence",
    "Report",
    "RequestStep",
    "Standing",
    "State",
    "Task",
    "Team",
    "Volunteer",
    "adopt",
    "change_members",
    "change_volunteer",
    "check_in",
    "claim",
    "complete",
    "decline",
    "enough",
    "follow_request",
    "ordered",
    "register",
    "require_may_show",
]
