"""What waits for the staff of a community (`EXPERIENCE.md` §2, 工单台)."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.requests.domain.outcome import REOPEN_DAYS

CALL_BACK: Final = timedelta(days=REOPEN_DAYS)
"""For so long after a close a call can still change something: the request can be reopened."""


class Queue(StrEnum):
    """Requests that wait for the same step; one request may stand in several."""

    TO_TRIAGE = "to_triage"
    """待受理: submitted."""
    TO_DISPATCH = "to_dispatch"
    """待派单: registered or on the need list, so that nobody has it and nobody was asked."""
    DUE_SOON = "due_soon"
    """即将超时: not resolved, 80 % of the limit used up."""
    OVERDUE = "overdue"
    """超时: not resolved, and the limit has passed."""
    TO_VERIFY = "to_verify"
    """待核查: resolved, neither confirmed by its requester nor closed by staff."""
    TO_CALL_BACK = "to_call_back"
    """待回访: closed within seven days and not rated; who was served on the spot has spoken."""
