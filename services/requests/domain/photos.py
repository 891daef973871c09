"""Who may add a photo to a request, and until when."""

from typing import Final
from uuid import UUID

from services.requests.domain.request import ServiceRequest, Status
from shared.problems import NotAllowed, WrongState

ENDED: Final = {Status.REJECTED, Status.CLOSED, Status.CANCELLED}


class NotInvolved(NotAllowed):
    """Photos come from those whose business the request is."""

    zh = "只有诉求人、代报人、办理人和社区工作人员可以添加照片。"
    en = "Only those who asked, filed or handle the request, and staff, may add photos."


class RequestEnded(WrongState):
    """After the end only staff add to what is on record."""

    zh = "诉求已经结束，不能再添加照片。"
    en = "This request has ended; photos can no longer be added."


def require_may_show(request: ServiceRequest, *, by: UUID, is_staff: bool) -> None:
    """Owners and handlers add photos until the end, staff also after it (即办 ends at once).

    Raises NotInvolved, RequestEnded.
    """
    if is_staff:
        return
    if by not in request.owners | request.handlers:
        raise NotInvolved
    if request.status in ENDED:
        raise RequestEnded
