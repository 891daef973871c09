"""The table of photos, in the services that have some."""

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)

__all__ = ["photo_table"]


def photo_table(metadata: MetaData, owner: str) -> Table:
    """Photos of the rows of `owner`, a table with the key (community, id)."""
    return Table(
        "photo",
        metadata,
        Column("community", Text, primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("owner_id", Uuid, nullable=False),
        Column("cycle", Integer, nullable=False),
        Column("made_by", Uuid, nullable=False),
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("size_bytes", Integer, nullable=False),
        Column("picture", LargeBinary, nullable=False),
        ForeignKeyConstraint(["community", "owner_id"], [f"{owner}.community", f"{owner}.id"]),
        Index("photo_owner", "community", "owner_id", "id"),
        comment="Photos as JPEG, written once.",
    )
