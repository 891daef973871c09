"""The tables of the points service; the migrations make them, `make check` compares both."""

from sqlalchemy import (
    BigInteger,
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

from shared.tables import service_metadata

__all__ = ["metadata"]

metadata = service_metadata()

rule = Table(
    "rule",
    metadata,
    Column("community", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("points_base", Integer, nullable=False),
    Column("points_per_hour", Integer, nullable=False),
    Column("largest_points", Integer, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("owner_kind", Text, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("awarded", BigInteger, nullable=False),
    Column("reversed", BigInteger, nullable=False),
    Index("account_owner", "community", "owner_kind", "owner_id", "shard", unique=True),
    comment="Kept balances and totals: always the sums of the account's transfers.",
)

settled_cycle = Table(
    "settled_cycle",
    metadata,
    Column("community", Text, primary_key=True),
    Column("request_id", Uuid, primary_key=True),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("reopened", Boolean, nullable=False),
    comment="Where the closing and the reopening of a cycle meet, whichever comes first.",
)

award = Table(
    "award",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("taker_kind", Text, nullable=False),
    Column("taker_id", Uuid, nullable=False),
    Column("rule", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("service_minutes", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("awarded_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["community", "account_id"], ["account.community", "account.id"]),
    Index(
        "award_key",
        "community",
        "request_id",
        "cycle",
        "taker_kind",
        "taker_id",
        "rule",
        unique=True,
    ),
)

transfer = Table(
    "transfer",
    metadata,
    Column("community", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("debit_account", Uuid, nullable=False),
    Column("credit_account", Uuid, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("award_id", Uuid, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["community", "debit_account"], ["account.community", "account.id"]),
    ForeignKeyConstraint(["community", "credit_account"], ["account.community", "account.id"]),
    ForeignKeyConstraint(["community", "award_id"], ["award.community", "award.id"]),
    Index("transfer_key", "community", "award_id", "kind", unique=True),
    Index(
        "transfer_awarded",
        "community",
        "credit_account",
        "id",
        postgresql_where=text("kind = 'award'"),
    ),
    Index(
        "transfer_reversed",
        "community",
        "debit_account",
        "id",
        postgresql_where=text("kind = 'reversal'"),
    ),
    comment="The ledger: insert-only. Each statement line is in exactly one of the two indexes.",
)
