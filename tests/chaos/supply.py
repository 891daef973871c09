"""Requests that are worked and wait for their close, put into both databases in one go.

They stand there as if everybody had done their part; nothing of them is on its way.
"""

import json
from itertools import cycle
from typing import Final
from uuid import UUID

from sqlalchemy import text

from shared import ids
from shared.database import ALL_COMMUNITIES, Database
from shared.events import Taker, Work
from tests.chaos.people import COMMUNITY, Community, Who

__all__ = ["Supply"]

CHUNK: Final = 400
SERVICE_MINUTES: Final = 40

_ROWS: Final = """
    jsonb_to_recordset(CAST(:rows AS jsonb)) AS row (
        id uuid, task_id uuid, number text, requester uuid, taker uuid, work jsonb)
"""
_REQUESTS: Final = (
    f"""
    INSERT INTO service_request (
        community, id, number, category, description, place_id, requester_id, filed_by, visibility,
        evidence_needed, points_rule, takers_wanted, status, version, cycle, work, handler_ids,
        task_version, created_at, updated_at)
    SELECT :community, id, number, 'errand', '代买米', :place, requester, requester, 'public',
        'none', 'standard', 1, 'resolved', 6, 1, work, ARRAY[taker], 4, now(), now() FROM {_ROWS}
    """,
    f"""
    INSERT INTO step (community, request_id, version, cycle, kind, by, at, note)
    SELECT :community, id, done.version, 1, done.kind,
        CASE done.kind WHEN 'submitted' THEN requester WHEN 'completed' THEN NULL
            WHEN 'claimed' THEN taker WHEN 'started' THEN taker ELSE CAST(:staff AS uuid) END,
        now(), ''
    FROM {_ROWS} CROSS JOIN (VALUES (1, 'submitted'), (2, 'registered'), (3, 'listed'),
        (4, 'claimed'), (5, 'started'), (6, 'completed')) AS done (version, kind)
    """,
    f"""
    INSERT INTO handler (community, person_id, request_id)
    SELECT :community, taker, id FROM {_ROWS}
    """,
    f"""
    INSERT INTO search_word (community, word, request_id)
    SELECT :community, word, id FROM {_ROWS}, unnest(bigrams('代买米')) AS word
    """,
)
_TASKS: Final = (
    f"""
    INSERT INTO task (
        community, id, request_id, cycle, number, category, place_id, requester_id, filed_by,
        takers_wanted, places_free, evidence_needed, state, listed, request_version, version,
        created_at, updated_at)
    SELECT :community, task_id, id, 1, number, 'errand', :place, requester, requester,
        1, 0, 'none', 'completed', true, 3, 4, now(), now() FROM {_ROWS}
    """,
    f"""
    INSERT INTO assignment (
        community, task_id, taker_kind, taker_id, person_id, acted, state, version,
        service_minutes, note, evidence, reason, claimed_at, started_at, completed_at)
    SELECT :community, task_id, 'person', taker, taker, ARRAY[taker], 'completed', 4,
        {SERVICE_MINUTES}, '', '[]', '', now(), now(), now() FROM {_ROWS}
    """,
    f"""
    INSERT INTO service_record (
        community, id, person_id, taker_kind, taker_id, task_id, task_version, request_id, cycle,
        service_minutes, completed_at)
    SELECT :community, task_id, taker, 'person', taker, task_id, 4, id, 1,
        {SERVICE_MINUTES}, now() FROM {_ROWS}
    """,
)


class Supply:
    """Hands out requests to close, each once, and who may close it."""

    def __init__(self, community: Community) -> None:
        """Begin with none."""
        self._community = community
        self._ready: list[tuple[UUID, Who]] = []
        self._made = 0
        self._pairs = cycle(
            [(one, other) for one in community.residents for other in community.volunteers]
        )

    def take(self) -> tuple[UUID, Who] | None:
        """A resolved request and its requester; None when there is no more."""
        return self._ready.pop() if self._ready else None

    async def refill(self) -> None:
        """Put some hundred more into the databases."""
        pairs = [next(self._pairs) for _ in range(CHUNK)]
        requests = [(ids.new_id(), requester) for requester, _ in pairs]
        rows = [
            {
                "id": str(request_id),
                "task_id": str(ids.new_id()),
                "number": f"HD-2000-{self._made + number:06d}",
                "requester": str(requester.id),
                "taker": str(taker.id),
                "work": [_work(taker.id).model_dump(mode="json")],
            }
            for number, ((request_id, _), (requester, taker)) in enumerate(
                zip(requests, pairs, strict=True), start=1
            )
        ]
        # The task first: what is interrupted in between leaves no request without one.
        await self._insert("volunteers", _TASKS, json.dumps(rows))
        await self._insert("requests", _REQUESTS, json.dumps(rows))
        self._made += CHUNK
        self._ready += requests

    async def _insert(self, service: str, statements: tuple[str, ...], rows: str) -> None:
        community = self._community
        values = {
            "rows": rows,
            "community": COMMUNITY,
            "place": community.place_id,
            "staff": community.staff.id,
        }
        address = community.cluster.where.databases.address(service)
        database = Database(address, connections=1, patient=True)
        try:
            async with database.transaction(ALL_COMMUNITIES) as tx:
                for sql in statements:
                    names = {name for name in values if f":{name}" in sql}
                    await tx.execute(text(sql), {name: values[name] for name in names})
        finally:
            await database.close()


def _work(person_id: UUID) -> Work:
    return Work(
        taker=Taker(kind="person", id=person_id),
        person_id=person_id,
        service_minutes=SERVICE_MINUTES,
        acted=(person_id,),
    )
