"""The tables of the directory; the migrations make them, `make check` compares both."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.patience import attempts_table
from shared.tables import service_metadata

__all__ = ["metadata"]

metadata = service_metadata()

signing_key = metadata.tables["signing_key"]

community = Table(
    "community",
    metadata,
    Column("community", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("root_id", Uuid, nullable=False),
    Column("district", Text),
    Column("subdistrict", Text),
    Column("region_code", Text),
    Column("compound_type", Text),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
)

place = Table(
    "place",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("parent_id", Uuid),
    Column("title", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("compound_type", Text),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("boundary", JSONB),
    Column("service_phone", Text),
    ForeignKeyConstraint(["community", "parent_id"], ["place.community", "place.id"]),
    Index("place_code", "community", "code", unique=True, postgresql_where=text("NOT removed")),
    Index("place_parent", "community", "parent_id", "id"),
)

organisation = Table(
    "organisation",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Index(
        "organisation_code",
        "community",
        "code",
        unique=True,
        postgresql_where=text("NOT removed"),
    ),
)

person = Table(
    "person",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("language", Text, nullable=False),
    Column("login_name", Text),
    Column("platform_roles", ARRAY(Text), nullable=False),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("password_hash", Text),
    Index("person_login_name", "login_name", unique=True),
    Index("person_phone", "phone"),
    comment="People of the whole platform. The only home of names and phones; a later issue "
    "encrypts both columns, so nothing else may copy them.",
)

membership = Table(
    "membership",
    metadata,
    Column("community", Text, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.id"), primary_key=True),
    Column("roles", ARRAY(Text), nullable=False),
    Column("organisation_ids", ARRAY(Uuid), nullable=False),
    Column("place_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    ForeignKeyConstraint(["community", "place_id"], ["place.community", "place.id"]),
    Index("membership_person", "person_id"),
    Index("membership_place", "community", "place_id"),
)

issuer_key = Table(
    "issuer_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("private_key", JSONB, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    comment="Private keys that tokens are signed with; the newest is in use. Platform-wide.",
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("family", Uuid, nullable=False),
    Column("person_id", Uuid, ForeignKey("person.id"), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("revoked", Boolean, nullable=False),
    Index("refresh_token_family", "family"),
    Index("refresh_token_person", "person_id"),
    Index("refresh_token_expires", "expires_at"),
    comment="SHA-256 of refresh tokens. A family is one sign-in; a used token kills it.",
)

invitation = Table(
    "invitation",
    metadata,
    Column("community", Text, primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("made_by", Uuid, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("resets_password", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["community", "person_id"], ["membership.community", "membership.person_id"]
    ),
    Index("invitation_code", "code_hash"),
    Index("invitation_person", "person_id"),
    comment="SHA-256 of one-time codes that sign a member in.",
)

failed_sign_in = attempts_table(
    "failed_sign_in",
    metadata,
    "Failed attempts, by SHA-256 of the name or address: people type passwords as names.",
)

visit = Table(
    "visit",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("place_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("visited_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    Column("wants_follow_up", Boolean, nullable=False),
    Column("visited_by", Uuid, nullable=False),
    ForeignKeyConstraint(["community", "place_id"], ["place.community", "place.id"]),
    Index("visit_place", "community", "place_id", "id"),
    comment="Visits to households and buildings; inserted, never changed.",
)

phone_reveal = Table(
    "phone_reveal",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("revealed_to", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["community", "person_id"], ["membership.community", "membership.person_id"]
    ),
    Index("phone_reveal_person", "community", "person_id", "id"),
    comment="Who was shown whose phone, and what for; inserted, never changed.",
)
