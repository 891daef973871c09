"""All SQL of the notify service; every statement names the community."""

from services.notify.store.inbox import (
    InboxNotice,
    Reader,
    inbox,
    mark_read,
    mark_read_up_to,
    notice,
    unread,
)
from services.notify.store.live import Live, Stream
from services.notify.store.making import Made, add, made, members, not_yet_volunteers

__all__ = [
    "InboxNotice",
    "Live",
    "Made",
    "Reader",
    "Stream",
    "add",
    "inbox",
    "made",
    "mark_read",
    "mark_read_up_to",
    "members",
    "not_yet_volunteers",
    "notice",
    "unread",
]
