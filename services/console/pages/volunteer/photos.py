"""Pictures of the work at a task."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.console.pages.access import SignedIn
from shared.photos import photo_answer

__all__ = ["router"]

router = APIRouter()


@router.get("/{task_id}/photos/{photo_id}")
async def one_photo(visitor: SignedIn, task_id: UUID, photo_id: UUID) -> Response:
    """A photo of the work."""
    ask = visitor.services.volunteers.get_photo
    return photo_answer(await ask(visitor.caller, visitor.community, task_id, photo_id))
