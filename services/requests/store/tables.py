"""The tables of the requests service; the migrations make them, `make check` compares both."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.patience import attempts_table
from shared.photos import photo_table
from shared.tables import service_metadata

__all__ = ["UNASSIGNED", "UNRESOLVED", "metadata"]

UNASSIGNED: Final = "status IN ('registered', 'listed')"
"""The condition of the requests that nobody has and nobody was asked to take."""

UNRESOLVED: Final = "status IN ('registered', 'listed', 'dispatched', 'accepted', 'in_progress')"
"""The condition of the requests whose clock runs."""

metadata = service_metadata()
known_place = metadata.tables["known_place"]
Index("known_place_parent", known_place.c.community, known_place.c.parent_id)

category = Table(
    "category",
    metadata,
    Column("community", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("points_rule", Text),
    Column("visibility", Text, nullable=False),
    Column("evidence_needed", Text, nullable=False),
    Column("takers_wanted", SmallInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("limit_hours", SmallInteger),
)

numbering = Table(
    "numbering",
    metadata,
    Column("community", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

service_request = Table(
    "service_request",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("place_id", Uuid, nullable=False),
    Column("requester_id", Uuid, nullable=False),
    Column("filed_by", Uuid, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("evidence_needed", Text, nullable=False),
    Column("points_rule", Text),
    Column("takers_wanted", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("work", JSONB, nullable=False),
    Column("handler_ids", ARRAY(Uuid), nullable=False),
    Column("task_version", Integer, nullable=False),
    Column("offered_to", JSONB),
    Column("verified_by", Uuid),
    Column("stars", SmallInteger),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_as", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("limit_hours", SmallInteger),
    Column("registered_at", DateTime(timezone=True)),
    Column("due_soon_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True)),
    Column("closes_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["community", "category"], ["category.community", "category.code"]),
    Index("service_request_number", "community", "number", unique=True),
    Index("service_request_status", "community", "status", "id"),
    Index("service_request_requester", "community", "requester_id", "id"),
    Index("service_request_filed_by", "community", "filed_by", "id"),
    Index("service_request_place", "community", "place_id", "id"),
    Index("service_request_unassigned", "community", "id", postgresql_where=text(UNASSIGNED)),
    Index("service_request_due", "community", "due_at", "id", postgresql_where=text(UNRESOLVED)),
    Index(
        "service_request_closed",
        "community",
        "closed_at",
        "id",
        postgresql_where=text("closed_at IS NOT NULL"),
    ),
    Index("service_request_clock", "community", "due_at", "id"),
    Index(
        "service_request_untaken",
        "community",
        "id",
        postgresql_where=text("registered_at IS NULL"),
    ),
    # Swept over all communities, what closes first at the front.
    Index("service_request_closes", "closes_at", postgresql_where=text("status = 'resolved'")),
)

watch = Table(
    "watch",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("rests_until", DateTime(timezone=True), nullable=False),
    comment="When each sweep last looked, and until when it changes nothing.",
)

step = Table(
    "step",
    metadata,
    Column("community", Text, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("cycle", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    Column("via", Text),
    ForeignKeyConstraint(
        ["community", "request_id"], ["service_request.community", "service_request.id"]
    ),
)

handler = Table(
    "handler",
    metadata,
    Column("community", Text, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    Index("handler_request", "community", "request_id"),
    comment="Who handles which request, found by person.",
)

photo = photo_table(metadata, "service_request")

search_word = Table(
    "search_word",
    metadata,
    Column("community", Text, primary_key=True),
    Column("word", Text, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    comment="Two-character words of the descriptions; plain equality passes row-level security.",
)

slip = Table(
    "slip",
    metadata,
    Column("community", Text, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("made_by", Uuid, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["community", "request_id"], ["service_request.community", "service_request.id"]
    ),
    Index("slip_code", "code_hash"),
    comment="SHA-256 of the follow-up codes on paper; of a request the newest slip is good.",
)

printed_slip = Table(
    "printed_slip",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("printed_by", Uuid, nullable=False),
    Column("printed_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["community", "request_id"], ["service_request.community", "service_request.id"]
    ),
    Index("printed_slip_request", "community", "request_id"),
    comment="Who printed which slip; inserted, never changed.",
)

failed_follow_up = attempts_table(
    "failed_follow_up",
    metadata,
    "Follow-up codes that were tried in vain, by SHA-256 of the address, and all together.",
)
