"""The tables of the notify service; the migrations make them, `make check` compares both."""

from sqlalchemy import Column, DateTime, Index, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.tables import service_metadata

__all__ = ["metadata"]

metadata = service_metadata()

request_number = Table(
    "request_number",
    metadata,
    Column("community", Text, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    comment="The number people read, for notices whose event does not carry it.",
)

notice = Table(
    "notice",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    Column("event_id", Uuid, nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("request_id", Uuid),
    Column("details", JSONB, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("clock_timestamp()"),
    ),
    Column("read_at", DateTime(timezone=True)),
    UniqueConstraint("community", "event_id", "recipient_id", "channel", name="notice_once"),
    # An inbox is one person's in all communities, newest first: these two lead with the person.
    Index("notice_inbox", "recipient_id", "id"),
    Index(
        "notice_unread",
        "recipient_id",
        "id",
        postgresql_include=["community"],
        postgresql_where=text("read_at IS NULL"),
    ),
    Index("notice_request", "community", "request_id", "id"),
    comment="What a person was told; ids grow in the order in which notices became visible.",
)
