"""What a request shows: photos."""

from services.requests import domain, store
from services.requests.actions.requests import Change
from shared import clock, ids, photos
from shared.database import Transaction
from shared.photos import Photo

__all__ = ["add_photo"]


async def add_photo(tx: Transaction, change: Change, developed: bytes) -> Photo:
    """Add a photo to a request; it stays as it stands, and nothing is told.

    Raises NotFound, TooManyPhotos and the domain's words.
    """
    request = await store.load(tx, change.community, change.request_id, expected=change.expected)
    domain.require_may_show(request, by=change.by, is_staff=change.is_staff)
    photo = Photo(ids.new_id(), request.id, request.cycle, change.by, clock.now(), len(developed))
    await photos.keep(tx, request.community, photo, developed)
    return photo
