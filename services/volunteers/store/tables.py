"""The tables of the volunteers service; the migrations make them, `make check` compares both."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.photos import photo_table
from shared.tables import service_metadata

__all__ = ["FREE", "metadata"]

metadata = service_metadata()

FREE: Final = (
    "listed AND offered_id IS NULL AND places_free > 0"
    " AND state IN ('open', 'claimed', 'in_progress')"
)
"""What makes a task open to all who may take one; it has an index of its own."""

task = Table(
    "task",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("place_id", Uuid),
    Column("requester_id", Uuid, nullable=False),
    Column("filed_by", Uuid, nullable=False),
    Column("takers_wanted", SmallInteger, nullable=False),
    Column("places_free", SmallInteger, nullable=False),
    Column("evidence_needed", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("offered_kind", Text),
    Column("offered_id", Uuid),
    Column("request_version", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("task_request", "community", "request_id", "cycle", unique=True),
    Index("task_state", "community", "state", "id"),
    Index("task_place", "community", "place_id", "id"),
    Index("task_requester", "community", "requester_id", "id"),
    Index("task_filed", "community", "filed_by", "id"),
    Index(
        "task_offered",
        "community",
        "offered_id",
        "id",
        postgresql_where=text("offered_id IS NOT NULL"),
    ),
    Index("task_free", "community", "id", postgresql_where=text(FREE)),
    Index("task_changed", "community", "updated_at"),
)

assignment = Table(
    "assignment",
    metadata,
    Column("community", Text, primary_key=True),
    Column("task_id", Uuid, primary_key=True),
    Column("taker_kind", Text, primary_key=True),
    Column("taker_id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("acted", ARRAY(Uuid), nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("service_minutes", SmallInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    Column("declined_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["community", "task_id"], ["task.community", "task.id"]),
    Index(
        "assignment_taker",
        "community",
        "taker_id",
        "task_id",
        postgresql_where=text("state <> 'declined'"),
    ),
)

photo = photo_table(metadata, "task")

service_record = Table(
    "service_record",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("taker_kind", Text, nullable=False),
    Column("taker_id", Uuid, nullable=False),
    Column("task_id", Uuid, nullable=False),
    Column("task_version", Integer, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("service_minutes", SmallInteger, nullable=False),
    Column("completed_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["community", "task_id"], ["task.community", "task.id"]),
    Index(
        "service_record_work",
        "community",
        "task_id",
        "taker_kind",
        "taker_id",
        "task_version",
        unique=True,
    ),
    Index("service_record_person", "community", "person_id", "id"),
    comment="Hours of service, written once; they count while the assignment stays completed.",
)

volunteer = Table(
    "volunteer",
    metadata,
    Column("community", Text, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("skills", ARRAY(Text), nullable=False),
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("registered_by", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

team = Table(
    "team",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("leader_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

team_member = Table(
    "team_member",
    metadata,
    Column("community", Text, primary_key=True),
    Column("team_id", Uuid, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    ForeignKeyConstraint(["community", "team_id"], ["team.community", "team.id"]),
)
