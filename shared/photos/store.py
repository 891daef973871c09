"""Photos as rows; every statement names the community."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from shared.database import Transaction
from shared.photos.limits import PHOTOS_EACH
from shared.photos.words import TooManyPhotos
from shared.problems import NotFound

__all__ = ["Photo", "count", "keep", "photos_of", "picture"]


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of a photo: what it shows, in which cycle, whose it is and how large."""

    id: UUID
    owner_id: UUID
    cycle: int
    made_by: UUID
    made_at: datetime
    size_bytes: int


_KEEP = text(
    """
    INSERT INTO photo (community, id, owner_id, cycle, made_by, made_at, size_bytes, picture)
    SELECT :community, :id, :owner_id, :cycle, :made_by, :made_at, :size_bytes, :picture
    WHERE (SELECT count(*) FROM photo WHERE community = :community AND owner_id = :owner_id
             AND cycle = :cycle AND made_by = :made_by) < :most
    """
)
_OF = text(
    """
    SELECT id, owner_id, cycle, made_by, made_at, size_bytes FROM photo
    WHERE community = :community AND owner_id = :owner_id ORDER BY id
    """
)
_COUNT = text("SELECT count(*) FROM photo WHERE community = :community AND owner_id = :owner_id")
_PICTURE = text(
    "SELECT picture FROM photo WHERE community = :community AND owner_id = :owner_id AND id = :id"
)


async def keep(tx: Transaction, community: str, photo: Photo, developed: bytes) -> None:
    """Store a photo; its owner's row must be locked, or two at once are one too many.

    Raises TooManyPhotos.
    """
    kept = await tx.change(
        _KEEP,
        {
            "community": community,
            "id": photo.id,
            "owner_id": photo.owner_id,
            "cycle": photo.cycle,
            "made_by": photo.made_by,
            "made_at": photo.made_at,
            "size_bytes": photo.size_bytes,
            "picture": developed,
            "most": PHOTOS_EACH,
        },
    )
    if not kept:
        raise TooManyPhotos


async def photos_of(tx: Transaction, community: str, owner_id: UUID) -> list[Photo]:
    """The photos of one thing, oldest first, without their pictures."""
    rows = await tx.execute(_OF, {"community": community, "owner_id": owner_id})
    return [Photo(**row) for row in rows]


async def count(tx: Transaction, community: str, owner_id: UUID) -> int:
    """How many photos one thing has."""
    return (await tx.execute(_COUNT, {"community": community, "owner_id": owner_id})).scalar_one()


async def picture(tx: Transaction, community: str, owner_id: UUID, photo_id: UUID) -> bytes:
    """The JPEG of one photo of one thing. Raises NotFound."""
    names = {"community": community, "owner_id": owner_id, "id": photo_id}
    found = (await tx.execute(_PICTURE, names)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return bytes(found)
