"""The migration that gives a service its table of photos."""

from typing import Final

from alembic import op
from sqlalchemy import Table

from shared.migrations import protect

__all__ = ["create_photos"]

# EXTERNAL: a JPEG does not become smaller, so nobody tries.
_PHOTO: Final = """
CREATE TABLE photo (
    community text, id uuid,
    owner_id uuid NOT NULL, cycle integer NOT NULL CHECK (cycle >= 1),
    made_by uuid NOT NULL, made_at timestamptz NOT NULL,
    size_bytes integer NOT NULL CHECK (size_bytes = octet_length(picture)),
    picture bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (community, id),
    FOREIGN KEY (community, owner_id) REFERENCES {owner} (community, id))
"""


def create_photos(photo: Table, owner: str) -> None:
    """Make `photo`, as `photo_table` declares it; a photo is written once and never changed."""
    op.execute(_PHOTO.format(owner=owner))
    op.execute("CREATE INDEX photo_owner ON photo (community, owner_id, id)")
    op.execute("COMMENT ON TABLE photo IS 'Photos as JPEG, written once.'")
    protect(photo, grants="SELECT, INSERT")
