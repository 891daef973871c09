"""Tasks that wait for somebody."""

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from services.console.pages.parts.part import part

__all__ = ["router"]

router = APIRouter()


@router.get("/tasks")
async def tasks(visitor: SignedIn) -> Response:
    """The open tasks of the community."""
    ask = visitor.services.volunteers.list_tasks
    found = await part(ask(visitor.caller, visitor.community, state=["open"]))
    return visitor.page("volunteer/tasks.html", tasks=found)
