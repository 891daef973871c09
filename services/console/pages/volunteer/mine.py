"""My tasks: what is to be done, what waits for confirmation, what is over."""

from typing import Final, Literal
from uuid import UUID

from fastapi import APIRouter, Response

from services.console.clients.models.volunteers import State
from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part
from services.console.pages.texts import N_
from services.console.pages.volunteer.cards import cards_of

__all__ = ["STAGES", "router"]

router = APIRouter()

SHOWN: Final = 20

type Stage = Literal["doing", "waiting", "over"]

STAGES: Final[dict[Stage, str]] = {
    "doing": N_("要做的"),
    "waiting": N_("等确认"),
    "over": N_("已结束"),
}
_STATES: Final[dict[Stage, list[State]]] = {
    "doing": ["open", "claimed", "in_progress"],
    "waiting": ["completed"],
    "over": ["closed", "void"],
}


@router.get("/mine")
async def mine(visitor: SignedIn, stage: Stage = "doing", after: UUID | None = None) -> Response:
    """The tasks that the visitor holds, or an organisation of theirs, newest first."""
    found = await part(
        visitor.services.volunteers.list_tasks(
            visitor.caller,
            visitor.community,
            board="held",
            state=_STATES[stage],
            after=after,
            limit=SHOWN,
        )
    )
    told = await cards_of(visitor, found.value.items if found.value else [])
    return visitor.page(
        "volunteer/mine.html",
        found=found,
        cards=told.cards,
        told=told,
        stage=stage,
        stage_words=STAGES,
        is_first=after is None,
    )
