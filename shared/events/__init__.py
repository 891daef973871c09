"""The contracts between the services, one file per owner. Nothing else is shared but these."""

from shared.events.base import PLATFORM, UNSTAMPED, Event, Taker, Work
from shared.events.directory import (
    CommunityChanged,
    MembershipChanged,
    OrganisationChanged,
    PersonChanged,
    PlaceChanged,
    SigningKeyChanged,
)
from shared.events.points import PointsAwarded, PointsReversed
from shared.events.requests import (
    RequestAccepted,
    RequestCancelled,
    RequestClosed,
    RequestDispatched,
    RequestListed,
    RequestRated,
    RequestRegistered,
    RequestRejected,
    RequestReopened,
    RequestResolved,
    RequestReworked,
    RequestStarted,
    RequestSubmitted,
    RequestVerified,
)
from shared.events.volunteers import TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted

__all__ = [
    "PLATFORM",
    "UNSTAMPED",
    "CommunityChanged",
    "Event",
    "MembershipChanged",
    "OrganisationChanged",
    "PersonChanged",
    "PlaceChanged",
    "PointsAwarded",
    "PointsReversed",
    "RequestAccepted",
    "RequestCancelled",
    "RequestClosed",
    "RequestDispatched",
    "RequestListed",
    "RequestRated",
    "RequestRegistered",
    "RequestRejected",
    "RequestReopened",
    "RequestResolved",
    "RequestReworked",
    "RequestStarted",
    "RequestSubmitted",
    "RequestVerified",
    "SigningKeyChanged",
    "Taker",
    "TaskClaimed",
    "TaskCompleted",
    "TaskDeclined",
    "TaskStarted",
    "Work",
]
