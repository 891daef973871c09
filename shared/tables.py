"""The tables that every service has beside its own: outbox, inbox, retry, answers, copies.

The copies (`known_…`) hold what the directory told about the neighbourhood, so that a service goes
on while the directory is down.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

__all__ = [
    "answers",
    "dead_letter",
    "inbox",
    "known_community",
    "known_membership",
    "known_organisation",
    "known_person",
    "known_place",
    "outbox",
    "retry",
    "service_metadata",
    "signing_key",
]

common = MetaData()


def service_metadata() -> MetaData:
    """The metadata of one service, with the common tables in it."""
    metadata = MetaData()
    for table in common.sorted_tables:
        table.to_metadata(metadata)
    return metadata


outbox = Table(
    "outbox",
    common,
    Column("event_id", Uuid, nullable=False),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("community", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("traceparent", Text),
    Column("sent_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("event_id"),
    Index("outbox_unsent", "position", postgresql_where=text("sent_at IS NULL")),
    comment="Events to publish; partitioned by the day in `event_id`, kept 30 days.",
    postgresql_partition_by="RANGE (event_id)",
)

inbox = Table(
    "inbox",
    common,
    Column("event_id", Uuid, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("community", Text, nullable=False),
    PrimaryKeyConstraint("event_id", "consumer"),
    comment="Events already worked in; partitioned by the day in `event_id`, kept 37 days.",
    postgresql_partition_by="RANGE (event_id)",
)

retry = Table(
    "retry",
    common,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("community", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Index("retry_due", "next_at"),
    comment="Events whose handler failed for now; swept when due.",
)

dead_letter = Table(
    "dead_letter",
    common,
    Column("community", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("consumer", Text, nullable=False),
    Column("event_id", Uuid),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("buried_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("dismissed_at", DateTime(timezone=True)),
    Column("dismissed_by", Uuid),
    Column("dismissal", Text),
    Index("dead_letter_number", "number"),
    Index("dead_letter_buried", "buried_at"),
    comment="What this service's consumers buried, numbered as in the stream DLQ; kept 90 days.",
)

answers = Table(
    "answers",
    common,
    Column("community", Text, primary_key=True),
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("answers_made", "made_at"),
    comment="First answers to POSTs that carried an Idempotency-Key, kept two days.",
)

signing_key = Table(
    "signing_key",
    common,
    Column("key_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("public_key", JSONB, nullable=False),
    Column("removed", Boolean, nullable=False),
    comment="The directory's public keys.",
)

known_community = Table(
    "known_community",
    common,
    Column("community", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
)

known_place = Table(
    "known_place",
    common,
    Column("community", Text, primary_key=True),
    Column("place_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_id", Uuid),
    Column("title", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
)

known_organisation = Table(
    "known_organisation",
    common,
    Column("community", Text, primary_key=True),
    Column("organisation_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
)

known_person = Table(
    "known_person",
    common,
    Column("person_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("language", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
)

known_membership = Table(
    "known_membership",
    common,
    Column("community", Text, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("organisation_ids", ARRAY(Uuid), nullable=False),
    Column("removed", Boolean, nullable=False),
    Index(
        "known_membership_organisations",
        "organisation_ids",
        postgresql_using="gin",
    ),
)
