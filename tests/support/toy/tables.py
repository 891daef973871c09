"""The tables of the toy: what was caught, and notes for the door."""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.tables import service_metadata

metadata = service_metadata()

caught = Table(
    "caught",
    metadata,
    Column("community", Text, nullable=False),
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("ball_id", Uuid, nullable=False),
    Column(
        "transaction",
        Text,
        nullable=False,
        server_default=text("pg_current_xact_id()::text"),
    ),
    PrimaryKeyConstraint("community", "number"),
    comment="One row for each effect; no key of its own, so that an effect done twice shows.",
)

note = Table(
    "note",
    metadata,
    Column("community", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("place", Text),
    PrimaryKeyConstraint("community", "id"),
    UniqueConstraint(
        "community", "place", name="note_place", deferrable=True, initially="DEFERRED"
    ),
    comment="One at a place, which is checked at the commit, so that a commit can fail.",
)
