"""The rules of a request's life (`DOMAIN.md` §6): each gives the new state and what to tell."""

from services.requests.domain.adoption import adopt, steps_told
from services.requests.domain.deadline import (
    AWAY,
    LOCAL_TIME,
    SECOND_CHANCE,
    closes_at,
    start_of_day,
)
from services.requests.domain.intake import (
    cancel,
    dispatch,
    note,
    put_on_list,
    register,
    reject,
    submit,
)
from services.requests.domain.outcome import (
    close,
    close_by_silence,
    rate,
    reopen,
    say_not_solved,
    settle_on_the_spot,
    verify,
)
from services.requests.domain.own import OwnChoices, own_choices
from services.requests.domain.photos import require_may_show
from services.requests.domain.queue import CALL_BACK, Queue
from services.requests.domain.request import Category, ServiceRequest, Status, Via
from services.requests.domain.slip import (
    Choices,
    Slip,
    choices,
    confirm_by_slip,
    make_slip,
    opens,
    rate_by_slip,
    say_not_solved_by_slip,
)
from services.requests.domain.task import TaskStep, follow_task

__all__ = [
    "AWAY",
    "CALL_BACK",
    "LOCAL_TIME",
    "SECOND_CHANCE",
    "Category",
    "Choices",
    "OwnChoices",
    "Queue",
    "ServiceRequest",
    "Slip",
    "Status",
    "TaskStep",
    "Via",
    "adopt",
    "cancel",
    "choices",
    "close",
    "close_by_silence",
    "closes_at",
    "confirm_by_slip",
    "dispatch",
    "follow_task",
    "make_slip",
    "note",
    "opens",
    "own_choices",
    "put_on_list",
    "rate",
    "rate_by_slip",
    "register",
    "reject",
    "reopen",
    "require_may_show",
    "say_not_solved",
    "say_not_solved_by_slip",
    "settle_on_the_spot",
    "start_of_day",
    "steps_told",
    "submit",
    "verify",
]
