"""The rules of a request's life (`DOMAIN.md` §6): each gives the new state and what to tell."""

from services.requests.domain.adoption import adopt, steps_told
from services.requests.domain.deadline import LOCAL_TIME, start_of_day
from services.requests.domain.intake import (
    cancel,
    dispatch,
    put_on_list,
    register,
    reject,
    submit,
)
from services.requests.domain.outcome import close, rate, reopen, settle_on_the_spot, verify
from services.requests.domain.queue import CALL_BACK, Queue
from services.requests.domain.request import Category, ServiceRequest, Status
from services.requests.domain.task import TaskStep, follow_task

__all__ = [
    "CALL_BACK",
    "LOCAL_TIME",
    "Category",
    "Queue",
    "ServiceRequest",
    "Status",
    "TaskStep",
    "adopt",
    "cancel",
    "close",
    "dispatch",
    "follow_task",
    "put_on_list",
    "rate",
    "register",
    "reject",
    "reopen",
    "settle_on_the_spot",
    "start_of_day",
    "steps_told",
    "submit",
    "verify",
]
