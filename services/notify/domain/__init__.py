"""The rules of telling: whom an event concerns, and in which words it is told."""

from services.notify.domain.telling import (
    VOLUNTEER,
    Call,
    Kind,
    Membership,
    Notice,
    PointsStep,
    RequestStep,
    address,
    calls_of,
    calls_to_admitted,
    newest_volunteers,
    organisations_in,
)
from services.notify.domain.words import WORDS, Text, render

__all__ = [
    "VOLUNTEER",
    "WORDS",
    "Call",
    "Kind",
    "Membership",
    "Notice",
    "PointsStep",
    "RequestStep",
    "Text",
    "address",
    "calls_of",
    "calls_to_admitted",
    "newest_volunteers",
    "organisations_in",
    "render",
]
