"""The use cases of the requests service: load, decide, save, tell."""

from services.requests.actions.adoption import adopt
from services.requests.actions.photos import add_photo
from services.requests.actions.requests import (
    Asking,
    Change,
    cancel,
    close,
    dispatch,
    follow_tasks,
    open_catalogue,
    put_category,
    put_on_list,
    rate,
    register,
    reject,
    reopen,
    settle_on_the_spot,
    submit,
    verify,
)

__all__ = [
    "Asking",
    "Change",
    "add_photo",
    "adopt",
    "cancel",
    "close",
    "dispatch",
    "follow_tasks",
    "open_catalogue",
    "put_category",
    "put_on_list",
    "rate",
    "register",
    "reject",
    "reopen",
    "settle_on_the_spot",
    "submit",
    "verify",
]
