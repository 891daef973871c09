"""Making notices: set by set, once each, and waking the streams of whom they are for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.notify.domain import VOLUNTEER, Membership, Notice, RequestStep
from shared.database import Transaction
from shared.events import MembershipChanged

__all__ = ["CHANNEL", "Made", "add", "made", "members", "not_yet_volunteers"]

CHANNEL: Final = "notices"
"""PostgreSQL's NOTIFY channel: ids of people for whom something is new, parted by spaces."""

# One pass over the memberships of these communities: an index on the array would not pass
# row-level security, whose wall only leakproof operators may go below.
_MEMBERS = text(
    """
    SELECT member.community, organisation_id, member.person_id
    FROM known_membership AS member
    CROSS JOIN LATERAL unnest(member.organisation_ids) AS organisation_id
    WHERE member.community = ANY(:communities) AND NOT member.removed
      AND (member.community, organisation_id) IN (
          SELECT * FROM unnest(CAST(:of_communities AS text[]),
                               CAST(:organisation_ids AS uuid[])))
    ORDER BY member.community, organisation_id, member.person_id
    """
)
_NOT_YET_VOLUNTEERS = text(
    """
    SELECT community, person_id
    FROM unnest(CAST(:communities AS text[]), CAST(:person_ids AS uuid[]),
                CAST(:versions AS bigint[])) AS told (community, person_id, version)
    JOIN known_membership AS member USING (community, person_id)
    WHERE NOT member.removed AND NOT :role = ANY(member.roles) AND member.version < told.version
    ORDER BY community, person_id
    """
)
# Notices are made in turns, so that they become visible in the order of their ids: whoever has
# read up to an id has missed nothing before it. NOTIFY makes commits take turns anyway. The ids are
# made from the joined rows, so after the lock.
_ADD = text(
    """
    WITH known AS (
        INSERT INTO request_number (community, request_id, number)
        SELECT DISTINCT community, request_id, number
        FROM unnest(CAST(:known_communities AS text[]), CAST(:known_requests AS uuid[]),
                    CAST(:numbers AS text[])) AS request (community, request_id, number)
        ORDER BY community, request_id
        ON CONFLICT DO NOTHING
    ), added AS (
        INSERT INTO notice (community, event_id, recipient_id, channel, kind, request_id,
                            details, occurred_at)
        SELECT community, event_id, recipient_id, 'inbox', kind, request_id,
               CAST(details AS jsonb), occurred_at
        FROM (SELECT pg_advisory_xact_lock(hashtextextended('notices', 0))) AS turn,
             unnest(CAST(:communities AS text[]), CAST(:event_ids AS uuid[]),
                    CAST(:recipient_ids AS uuid[]), CAST(:kinds AS text[]),
                    CAST(:request_ids AS uuid[]), CAST(:details AS text[]),
                    CAST(:times AS timestamptz[])) WITH ORDINALITY
            AS told (community, event_id, recipient_id, kind, request_id, details, occurred_at,
                     place)
        ORDER BY place
        ON CONFLICT DO NOTHING
        RETURNING recipient_id
    ), numbered AS (
        SELECT recipient_id, (row_number() OVER () - 1) / 200 AS chunk
        FROM (SELECT DISTINCT recipient_id FROM added) AS people
    )
    SELECT pg_notify('notices', string_agg(CAST(recipient_id AS text), ' '))
    FROM numbered GROUP BY chunk
    """
)
_MADE = text(
    """
    SELECT id, event_id, recipient_id, channel, kind, request_id, created_at FROM notice
    WHERE community = :community
      AND (CAST(:request_id AS uuid) IS NULL OR request_id = :request_id)
      AND (CAST(:event_id AS uuid) IS NULL OR event_id = :event_id)
      AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit + 1
    """
)


@dataclass(frozen=True, slots=True)
class Made:
    """Which notice an event made for whom; nothing of what it says."""

    id: UUID
    event_id: UUID
    recipient_id: UUID
    channel: str
    kind: str
    request_id: UUID | None
    created_at: datetime


async def members(
    tx: Transaction, organisations: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], list[UUID]]:
    """Who belongs to each of `organisations` (a community and an id), in one query."""
    wanted = sorted(organisations)
    rows = await tx.execute(
        _MEMBERS,
        {
            "communities": sorted({community for community, _ in wanted}),
            "of_communities": [community for community, _ in wanted],
            "organisation_ids": [one for _, one in wanted],
        },
    )
    found: dict[tuple[str, UUID], list[UUID]] = {}
    for community, organisation_id, person_id in rows:
        found.setdefault((community, organisation_id), []).append(person_id)
    return found


async def not_yet_volunteers(
    tx: Transaction, changes: Iterable[MembershipChanged]
) -> list[Membership]:
    """Whose memberships are known, are older than `changes`, and are not a volunteer's."""
    told = list(changes)
    rows = await tx.execute(
        _NOT_YET_VOLUNTEERS,
        {
            "communities": [one.community for one in told],
            "person_ids": [one.person_id for one in told],
            "versions": [one.version for one in told],
            "role": VOLUNTEER,
        },
    )
    return [(community, person_id) for community, person_id in rows]


async def add(
    tx: Transaction, notices: Sequence[Notice], numbered: Sequence[RequestStep] = ()
) -> None:
    """Insert what is new of `notices`, and wake the recipients' streams on commit.

    The numbers of `numbered` requests are kept: what the points service tells has none.
    """
    await tx.execute(
        _ADD,
        {
            "known_communities": [step.community for step in numbered],
            "known_requests": [step.request_id for step in numbered],
            "numbers": [step.number for step in numbered],
            "communities": [one.call.community for one in notices],
            "event_ids": [one.call.event_id for one in notices],
            "recipient_ids": [one.recipient_id for one in notices],
            "kinds": [one.call.kind.value for one in notices],
            "request_ids": [one.call.request_id for one in notices],
            "details": [orjson.dumps(dict(one.call.details)).decode() for one in notices],
            "times": [one.call.occurred_at for one in notices],
        },
    )


async def made(
    tx: Transaction,
    community: str,
    *,
    request_id: UUID | None,
    event_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[Made]:
    """Which notices were made, newest first; one more than `limit` when there are more."""
    rows = await tx.execute(
        _MADE,
        {
            "community": community,
            "request_id": request_id,
            "event_id": event_id,
            "after": after,
            "limit": limit,
        },
    )
    return [Made(**row) for row in rows]
