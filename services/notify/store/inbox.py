"""A person's inbox, over all the communities the person belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.notify.domain import Kind
from shared.database import Row, Transaction
from shared.events.directory import Language
from shared.problems import NotFound

__all__ = [
    "COLUMNS",
    "TABLES",
    "InboxNotice",
    "Reader",
    "inbox",
    "inbox_notice",
    "mark_read",
    "mark_read_up_to",
    "notice",
    "unread",
]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose inbox it is, and the communities that the token opens."""

    person_id: UUID
    communities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxNotice:
    """A notice as it lies in an inbox; the words are put to it when it is shown."""

    id: UUID
    community: str
    kind: Kind
    request_id: UUID | None
    number: str | None
    details: Mapping[str, int]
    occurred_at: datetime
    created_at: datetime
    read_at: datetime | None
    language: Language | None
    """What the person reads; None: the directory has not told of the person."""


COLUMNS: Final = """
    notice.id, notice.community, notice.kind, notice.request_id, request_number.number,
    notice.details, notice.occurred_at, notice.created_at, notice.read_at,
    known_person.language
"""
TABLES: Final = """
    notice
    LEFT JOIN request_number ON request_number.community = notice.community
                            AND request_number.request_id = notice.request_id
    LEFT JOIN known_person ON known_person.person_id = notice.recipient_id
                          AND NOT known_person.removed
"""
_FIELDS: Final = tuple(field.name for field in fields(InboxNotice))
_OWN: Final = "notice.recipient_id = :person_id AND notice.community = ANY(:communities)"

_INBOX = text(
    f"""
    SELECT {COLUMNS} FROM {TABLES}
    WHERE {_OWN} AND (CAST(:after AS uuid) IS NULL OR notice.id < :after)
    ORDER BY notice.id DESC LIMIT :limit + 1
    """  # noqa: S608 - made of constants
)
_INBOX_UNREAD = text(
    f"""
    SELECT {COLUMNS} FROM {TABLES}
    WHERE {_OWN} AND notice.read_at IS NULL
      AND (CAST(:after AS uuid) IS NULL OR notice.id < :after)
    ORDER BY notice.id DESC LIMIT :limit + 1
    """  # noqa: S608 - made of constants
)
_NOTICE = text(
    f"SELECT {COLUMNS} FROM {TABLES} WHERE {_OWN} AND notice.id = :id"  # noqa: S608 - constants
)
_UNREAD = text(
    f"SELECT count(*) FROM notice WHERE {_OWN} AND read_at IS NULL"  # noqa: S608 - constants
)


def _reading(condition: str) -> str:
    """Mark what is unread and fits `condition`; the person's other screens hear of it."""
    return f"""
        WITH newly_read AS (
            UPDATE notice SET read_at = :now
            WHERE {_OWN} AND read_at IS NULL AND {condition}
            RETURNING recipient_id
        )
        SELECT pg_notify('notices', CAST(recipient_id AS text))
        FROM newly_read GROUP BY recipient_id
    """  # noqa: S608 - made of constants


_MARK_READ = text(_reading("id = ANY(CAST(:ids AS uuid[]))"))
_MARK_READ_UP_TO = text(_reading("id <= :id"))


async def inbox(
    tx: Transaction, reader: Reader, *, only_unread: bool, after: UUID | None, limit: int
) -> list[InboxNotice]:
    """Notices, newest first; one more than `limit` when there are more."""
    query = _INBOX_UNREAD if only_unread else _INBOX
    rows = await tx.execute(query, _values(reader) | {"after": after, "limit": limit})
    return [inbox_notice(row) for row in rows]


async def notice(tx: Transaction, reader: Reader, notice_id: UUID) -> InboxNotice:
    """One of the reader's notices. Raises NotFound."""
    rows = await tx.execute(_NOTICE, _values(reader) | {"id": notice_id})
    row = rows.one_or_none()
    if row is None:
        raise NotFound
    return inbox_notice(row)


async def unread(tx: Transaction, reader: Reader) -> int:
    """How many notices the reader has not read."""
    return (await tx.execute(_UNREAD, _values(reader))).scalar_one()


async def mark_read(
    tx: Transaction, reader: Reader, notice_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Mark the reader's own among `notice_ids` as read; those read before keep their time."""
    await tx.execute(_MARK_READ, _values(reader) | {"ids": list(notice_ids), "now": now})


async def mark_read_up_to(
    tx: Transaction, reader: Reader, notice_id: UUID, *, now: datetime
) -> None:
    """Mark everything up to and with `notice_id` as read."""
    await tx.execute(_MARK_READ_UP_TO, _values(reader) | {"id": notice_id, "now": now})


def inbox_notice(row: Row) -> InboxNotice:
    """A row of `COLUMNS`, whatever stands beside them."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["kind"] = Kind(values["kind"])
    return InboxNotice(**values)


def _values(reader: Reader) -> dict[str, object]:
    return {"person_id": reader.person_id, "communities": list(reader.communities)}
