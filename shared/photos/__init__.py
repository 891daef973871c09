"""Photos for the services that show some: taken in, developed anew, kept beside what they show.

What people send is never kept or shown as it came (`RELIABILITY.md` §2, Photos): every photo is
decoded in a process of its own and written anew as a JPEG, without anything that was in the file
beside its picture, above all not where it was taken. They lie in the service's database (ADR 0015).
"""

from shared.photos.developing import (
    FIRST_BYTES,
    Darkroom,
    DarkroomBroken,
    fault_at_first_sight,
)
from shared.photos.limits import (
    LARGEST_PHOTO_BYTES,
    LARGEST_PIXELS,
    LONGEST_SIDE_PIXELS,
    PHOTOS_EACH,
    SMALL_ENOUGH_BYTES,
)
from shared.photos.routes import (
    PHOTO,
    PHOTO_FORM,
    PhotoView,
    SentPhoto,
    photo_answer,
)
from shared.photos.store import Photo, count, keep, photos_of, picture
from shared.photos.tables import photo_table
from shared.photos.words import (
    NotAPhoto,
    PhotoDamaged,
    PhotoMissing,
    PhotoMoves,
    PhotoTooLarge,
    TooManyPhotos,
    TooManyPixels,
)

__all__ = [
    "FIRST_BYTES",
    "LARGEST_PHOTO_BYTES",
    "LARGEST_PIXELS",
    "LONGEST_SIDE_PIXELS",
    "PHOTO",
    "PHOTOS_EACH",
    "PHOTO_FORM",
    "SMALL_ENOUGH_BYTES",
    "Darkroom",
    "DarkroomBroken",
    "NotAPhoto",
    "Photo",
    "PhotoDamaged",
    "PhotoMissing",
    "PhotoMoves",
    "PhotoTooLarge",
    "PhotoView",
    "SentPhoto",
    "TooManyPhotos",
    "TooManyPixels",
    "count",
    "fault_at_first_sight",
    "keep",
    "photo_answer",
    "photo_table",
    "photos_of",
    "picture",
]
