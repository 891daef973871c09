"""Migrations: what each service's Alembic folder shares, and the walls around every table."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from alembic import command, context, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, text
from sqlalchemy.exc import DBAPIError

from shared import ids, inbox
from shared.database import sqlstate
from shared.tables import common, dead_letter

__all__ = [
    "LOCK_NOT_AVAILABLE",
    "PARTITIONED",
    "application_role",
    "create_common_tables",
    "create_dead_letters",
    "days",
    "differences",
    "keep_partitions",
    "protect",
    "run",
    "upgrade",
]

log = structlog.get_logger()

PARTITIONED: Final = {"outbox": 30, "inbox": inbox.REMEMBERED.days}
"""Tables partitioned by the day in their UUIDv7, and how many days they are kept."""

DAYS_AHEAD: Final = 7
LOCK_NOT_AVAILABLE: Final = "55P03"

OPEN_COMMUNITIES: Final = (
    "(SELECT current_setting('app.communities', true)) = '*' OR community = ANY("
    "(SELECT string_to_array(current_setting('app.communities', true), ','))::text[])"
)
"""The second wall: rows of the communities that the transaction named, computed once a query."""


def upgrade(folder: Path, connection: Connection, role: str) -> None:
    """Bring the database of `connection` (its owner's) to the newest revision."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    config.attributes["role"] = role
    command.upgrade(config, "head")


def run(metadata: MetaData) -> None:
    """What every `env.py` does: run on the connection that `upgrade` or the check handed in."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        target_metadata=metadata,
        include_object=lambda _object, name, kind, reflected, _other: (
            not (kind == "table" and reflected and str(name).startswith(("outbox_", "inbox_")))
        ),
    )
    with context.begin_transaction():
        context.run_migrations()


def application_role() -> str:
    """The role that the service signs in as; it owns nothing."""
    return str(context.config.attributes["role"])


def create_common_tables() -> None:
    """Revision 0001 of every service: outbox, inbox, retry, answers and copies, all walled."""
    first = [table for table in common.sorted_tables if table is not dead_letter]
    common.create_all(op.get_bind(), tables=first)
    for name in PARTITIONED:
        op.execute(f"CREATE TABLE {name}_default PARTITION OF {name} DEFAULT")
    for table in first:
        protect(table)
    role = application_role()
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute(f"GRANT SELECT ON alembic_version TO {role}")
    keep_partitions(op.get_bind(), datetime.now(UTC))


def create_dead_letters() -> None:
    """A later revision of every service: the letters that its own consumers buried, walled."""
    dead_letter.create(op.get_bind())
    protect(dead_letter)


def protect(table: Table, *, grants: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Give the application role its `grants`, and only rows of the communities it names."""
    op.execute(f"GRANT {grants} ON {table.name} TO {application_role()}")
    if "community" in table.c:
        op.execute(f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY communities ON {table.name} "
            f"USING ({OPEN_COMMUNITIES}) WITH CHECK ({OPEN_COMMUNITIES})"
        )


def keep_partitions(connection: Connection, now: datetime) -> None:
    """Make the partitions of the coming days and drop the old ones whole; run it every day.

    Each is a transaction of its own, unless the caller has opened one. None waits longer than a
    second for those at work, who would queue behind it: it is left to the next run.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for table, kept_days in PARTITIONED.items():
        present: set[str] = set()
        with _step(connection, table):
            present.update(connection.execute(_PARTITIONS, {"table": table}).scalars())
        for day in days(midnight - timedelta(days=1), DAYS_AHEAD + 2):
            if (name := f"{table}_{day:%Y%m%d}") not in present:
                with _step(connection, name):
                    _add_partition(connection, table, day)
        oldest = midnight - timedelta(days=kept_days)
        for name in sorted(present - {f"{table}_default"}):
            if name < f"{table}_{oldest:%Y%m%d}":
                with _step(connection, name):
                    if not _holds_unsent(connection, table, name):
                        connection.execute(text(f"DROP TABLE {name}"))
        with _step(connection, f"{table}_default"):
            _prune_default(connection, table, oldest)


@contextmanager
def _step(connection: Connection, partition: str) -> Generator[None]:
    """Do one thing whole or not at all; a lock that is not to be had soon only skips it."""
    alone = not connection.in_transaction()
    try:
        with connection.begin() if alone else connection.begin_nested():
            if alone:
                connection.execute(text("SET LOCAL lock_timeout = '1s'"))
            yield
    except DBAPIError as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
        log.warning("partition.in_use", partition=partition)


def _holds_unsent(connection: Connection, table: str, name: str) -> bool:
    """Whether a partition of the outbox has events that never left: those are never dropped."""
    if table != "outbox":
        return False
    unsent = text(f"SELECT EXISTS (SELECT FROM {name} WHERE sent_at IS NULL)")  # noqa: S608 - ours
    return bool(connection.execute(unsent).scalar_one())


def _prune_default(connection: Connection, table: str, oldest: datetime) -> None:
    """Forget what is as old and lies in the default partition, because its day had none."""
    sent = " AND sent_at IS NOT NULL" if table == "outbox" else ""
    bound = ids.first_id_at(oldest)
    connection.execute(
        text(f"DELETE FROM {table}_default WHERE event_id < '{bound}'{sent}")  # noqa: S608 - ours
    )


_PARTITIONS: Final = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)"
)


def days(first: datetime, count: int) -> list[datetime]:
    """`count` midnights from `first` on."""
    return [first + timedelta(days=number) for number in range(count)]


def _add_partition(connection: Connection, table: str, day: datetime) -> None:
    """Add the partition of `day`, and move in what waited for it in the default one."""
    name = f"{table}_{day:%Y%m%d}"
    low, high = ids.first_id_at(day), ids.first_id_at(day + timedelta(days=1))
    bounds = f"event_id >= '{low}' AND event_id < '{high}'"
    waiting = f"DELETE FROM {table}_default WHERE {bounds} RETURNING *"  # noqa: S608 - our names
    for statement in (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)",
        f"WITH waiting AS ({waiting}) INSERT INTO {name} SELECT * FROM waiting",  # noqa: S608
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{low}') TO ('{high}')",
    ):
        connection.execute(text(statement))


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """What `alembic check` would say of a migrated database and the tables in the code."""
    with warnings.catch_warnings():
        # SQLAlchemy reads `NOT VALID` of a constraint, and does not know where to put it.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'")
        found = compare_metadata(
            MigrationContext.configure(connection, opts={"include_object": _is_ours}), metadata
        )
    return [str(one) for one in found]


def _is_ours(_object: object, name: str | None, kind: str, reflected: bool, _to: object) -> bool:  # noqa: FBT001 - Alembic calls it
    """Everything but the partitions, which the calendar makes."""
    return not (kind == "table" and reflected and str(name).startswith(("outbox_", "inbox_")))
