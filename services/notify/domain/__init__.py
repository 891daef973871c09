"""The rules of telling: whom an event concerns, and in which words it is told."""

from services.notify.domain.telling import (
    Call,
    Kind,
    Notice,
    PointsStep,
    RequestStep,
    address,
    calls_of,
    organisations_in,
)
from services.notify.domain.words import WORDS, Text, render

__all__ = [
    "WORDS",
    "Call",
    "Kind",
    "Notice",
    "PointsStep",
    "RequestStep",
    "Text",
    "address",
    "calls_of",
    "organisations_in",
    "render",
]
