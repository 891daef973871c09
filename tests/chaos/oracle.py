"""The outside journal: what the platform has promised, kept where no fault of it reaches.

Every acknowledged write (2xx) is on the disk here before its client goes on. At a checkpoint each
must be readable with its effect (`RELIABILITY.md` §1, I9), and each key must have had one effect.
"""

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import text

from shared.database import Transaction

__all__ = ["MARK", "Entry", "Journal", "broken_promises"]

MARK: Final = "混沌"
"""Begins the description of what the workload submits; the rest is its Idempotency-Key."""

EXAMPLES: Final = 3

_LOST_STEPS: Final = """
    SELECT acked.id, acked.version, acked.kind
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[]), CAST(:kinds AS text[]))
        AS acked (id, version, kind)
    LEFT JOIN step ON step.request_id = acked.id AND step.version = acked.version
    WHERE step.kind IS DISTINCT FROM acked.kind
"""
_LOST_TASKS: Final = """
    SELECT acked.id, acked.version, acked.kind
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[]), CAST(:kinds AS text[]))
        AS acked (id, version, kind)
    LEFT JOIN task ON task.id = acked.id WHERE coalesce(task.version, 0) < acked.version
"""
_ONCE: Final = {
    "a cycle was closed more than once": """
        SELECT request_id, cycle FROM step WHERE kind = 'closed'
        GROUP BY request_id, cycle HAVING count(*) > 1
    """,
    "one Idempotency-Key filed more than one request": f"""
        SELECT description FROM service_request WHERE description LIKE '{MARK}%'
        GROUP BY description HAVING count(*) > 1
    """,
    "the steps of a request have a gap, or go past it": """
        SELECT request_id FROM step JOIN service_request AS request
            ON request.community = step.community AND request.id = request_id
        GROUP BY request_id, request.version
        HAVING count(*) <> request.version OR max(step.version) <> request.version
    """,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One acknowledged write: which step, on what, and the version after it."""

    service: str
    kind: str
    id: UUID
    version: int
    key: str


class Journal:
    """Acknowledged writes, in a file that is synced at each."""

    def __init__(self, path: Path) -> None:
        """Begin an empty one."""
        self._file = path.open("x")
        self.entries: list[Entry] = []
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        """Write."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop writing."""
        self._file.close()

    @property
    def closed(self) -> int:
        """How many closes were acknowledged."""
        return self.counts["closed"]

    def note(self, entry: Entry) -> None:
        """Keep it, on the disk, before anybody relies on it."""
        self._file.write(json.dumps(asdict(entry), default=str) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.entries.append(entry)
        self.counts[entry.kind] += 1

    def of(self, service: str) -> dict[str, list[Any]]:
        """The writes of one service, as columns."""
        entries = [one for one in self.entries if one.service == service]
        return {
            "ids": [one.id for one in entries],
            "versions": [one.version for one in entries],
            "kinds": [one.kind for one in entries],
        }


async def broken_promises(
    journal: Journal, requests: Transaction, volunteers: Transaction
) -> AsyncIterator[str]:
    """A sentence for each promise that was not kept."""
    for tx, service, sql in (
        (requests, "requests", _LOST_STEPS),
        (volunteers, "volunteers", _LOST_TASKS),
    ):
        lost = await tx.execute(text(sql), journal.of(service))
        if lost:
            yield _sentence(f"{service}: acknowledged and not there", lost)
    for what, sql in _ONCE.items():
        found = await requests.execute(text(sql))
        if found:
            yield _sentence(what, found)


def _sentence(what: str, rows: Sequence[Any]) -> str:
    shown = "; ".join(" ".join(map(str, row)) for row in rows[:EXAMPLES])
    return f"{what}: {len(rows)} ({shown})"
