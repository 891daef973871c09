"""What the work at a task shows: photos."""

from services.volunteers import domain, store
from services.volunteers.actions.tasks import Change
from shared import clock, ids, photos
from shared.database import Transaction
from shared.photos import Photo

__all__ = ["add_photo"]


async def add_photo(tx: Transaction, change: Change, developed: bytes) -> Photo:
    """Add a photo to a task; it stays as it stands, and nothing is told.

    Raises NotFound, TooManyPhotos and the domain's words.
    """
    task = await store.load(tx, change.community, change.task_id, expected=change.expected)
    domain.require_may_show(task, change.actor)
    by = change.actor.person_id
    photo = Photo(ids.new_id(), task.id, task.cycle, by, clock.now(), len(developed))
    await photos.keep(tx, task.community, photo, developed)
    return photo
