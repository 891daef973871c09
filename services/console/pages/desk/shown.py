"""What the desk shows, as its address says it."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, BeforeValidator

from services.console.clients.models.requests import Queue
from services.console.pages.texts import N_

__all__ = ["DONE", "QUEUES", "Shown"]

QUEUES: Final[dict[Queue, str]] = {
    "to_triage": N_("待受理"),
    "to_dispatch": N_("待派单"),
    "due_soon": N_("快到期"),
    "overdue": N_("已超时"),
    "to_verify": N_("待核查"),
    "to_call_back": N_("待回访"),
}
"""The queues of the desk, in the order of the work."""


DONE: Final = {
    "register": N_("已受理。请派单，或放到需求清单。"),
    "reject": N_("已按不予受理处理。"),
    "dispatch": N_("已派单，等对方接单。"),
    "list": N_("已放到需求清单。"),
    "finish": N_("已核查，已结案。"),
    "rework": N_("已退回重办。"),
    "reopen": N_("已重新打开。"),
    "cancel": N_("已撤单。"),
    "note": N_("备注已保存。"),
}
"""What is said after a step."""


def _or_none(value: Any) -> Any:
    """A choice of a form that chooses nothing."""
    return value or None


type Maybe[T] = Annotated[T | None, BeforeValidator(_or_none)]


class Shown(BaseModel):
    """The queue, its filters, where its page begins, and the request that is open beside it."""

    queue: Maybe[Queue] = None
    grid: Maybe[UUID] = None
    category: str = ""
    q: str = ""
    after: Maybe[UUID] = None
    open: Maybe[UUID] = None
    who: str = ""
    """Among whom somebody to dispatch to is looked for."""
    done: str = ""

    def address(self, community: str, path: str = "", **changed: Any) -> str:
        """The address of the desk, or of `path` below it, with other parameters."""
        told = self.model_dump(exclude={"who", "done"}) | changed
        asked = urlencode({name: value for name, value in told.items() if value})
        return f"/in/{community}/desk{path}" + (f"?{asked}" if asked else "")

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter besides the queue is set."""
        return bool(self.grid or self.category or self.q)
