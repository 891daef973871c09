"""Patience with those who guess: failed attempts are counted, and each makes the next one wait.

The table is the service's own and names no community: whoever guesses has not named one yet.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, Table, Uuid, text

from shared import ids
from shared.database import Transaction
from shared.problems import TooMany

__all__ = [
    "WINDOW",
    "Address",
    "Attempts",
    "Failures",
    "TooManyAttempts",
    "attempts_table",
    "mark",
    "require_patience",
]

WINDOW: Final = timedelta(minutes=15)
FIRST_DELAY: Final = timedelta(seconds=15)
NETWORK_BITS: Final = 64
"""What one household has of IPv6: whoever has one of its addresses has them all."""


class TooManyAttempts(TooMany):
    """Too many failed attempts; says when the next one is taken."""

    def __init__(self, wait_seconds: int) -> None:
        """Tell how long to wait."""
        super().__init__()
        self.retry_after_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Failures:
    """Attempts within the window, under one mark, that did not succeed."""

    count: int
    last_at: datetime | None


def require_patience(failures: Failures, *, free_tries: int, now: datetime) -> None:
    """After the free tries each failure doubles the wait, up to the window; never a hard lock.

    Raises TooManyAttempts (`RELIABILITY.md` §2: elderly people mistype).
    """
    if failures.count < free_tries or failures.last_at is None:
        return
    doublings = min(failures.count - free_tries, 10)
    until = failures.last_at + min(FIRST_DELAY * 2**doublings, WINDOW)
    if until > now:
        raise TooManyAttempts(int((until - now).total_seconds()) + 1)


def mark(kind: str, words: str) -> bytes:
    """What failed attempts are counted under."""
    return hashlib.sha256(f"{kind}:{words}".encode()).digest()


def attempts_table(name: str, metadata: MetaData, comment: str) -> Table:
    """The table of a service's failed attempts, as its migration makes it."""
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("mark", LargeBinary, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Index(f"{name}_mark", "mark", "at"),
        comment=comment,
    )


class Attempts:
    """What failed, in the table of that name."""

    def __init__(self, table: str) -> None:
        """Take the table that `attempts_table` declares; its name is our own."""
        self._failures = text(
            f"SELECT count(*) AS count, max(at) AS last_at FROM {table} "  # noqa: S608 - our name
            "WHERE mark = :mark AND at > :since"
        )
        self._count = text(
            f"""
            INSERT INTO {table} (id, mark, at)
            SELECT id, mark, :now FROM unnest(CAST(:ids AS uuid[]), CAST(:marks AS bytea[]))
                AS failure (id, mark)
            """  # noqa: S608 - our name
        )
        self._forget = text(
            f"DELETE FROM {table} "  # noqa: S608 - our name
            "WHERE mark = :mark OR id = ANY(CAST(:ids AS uuid[]))"
        )
        self._forget_old = text(f"DELETE FROM {table} WHERE at < :since")  # noqa: S608 - our name

    async def failures(self, tx: Transaction, mark: bytes, *, now: datetime) -> Failures:
        """The failed attempts under a mark."""
        values = {"mark": mark, "since": now - WINDOW}
        return Failures(**(await tx.execute(self._failures, values)).one())

    async def require_patience(
        self, tx: Transaction, mark: bytes, *, free_tries: int, now: datetime
    ) -> None:
        """Refuse who has failed too often under this mark. Raises TooManyAttempts.

        Those who come together are taken one after the other, each when the one before has
        committed: or all of them would see the last free try.
        """
        await tx.execute(_LOCK, {"mark": mark})
        found = await self.failures(tx, mark, now=now)
        require_patience(found, free_tries=free_tries, now=now)

    async def count(self, tx: Transaction, *marks: bytes, now: datetime) -> list[UUID]:
        """Count one attempt under each mark; it failed unless it is forgotten."""
        attempt = [ids.new_id() for _ in marks]
        await tx.execute(self._count, {"ids": attempt, "marks": list(marks), "now": now})
        return attempt

    async def forget(self, tx: Transaction, attempt: Sequence[UUID], mark: bytes) -> None:
        """An attempt succeeded: uncount it, and begin anew under a mark."""
        await tx.execute(self._forget, {"ids": list(attempt), "mark": mark})

    async def forget_old(self, tx: Transaction, *, now: datetime) -> None:
        """Drop what counts no more."""
        await tx.execute(self._forget_old, {"since": now - WINDOW})


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:mark, 'hex'), 1))")


async def address_of(request: Request) -> str:
    """Where the call comes from; a proxy that the process trusts says it for its callers."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((host, NETWORK_BITS), strict=False))
    return host


Address = Annotated[str, Depends(address_of)]
"""Whom attempts are counted for: an address, of IPv6 the network around it."""
