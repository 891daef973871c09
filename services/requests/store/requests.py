"""Requests and their steps."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.requests.domain import ServiceRequest, Status
from shared.database import Row, Transaction
from shared.events import Event, Taker, Work
from shared.outbox import TELL, told
from shared.problems import NotFound, StaleVersion, WrongState

__all__ = [
    "COLUMNS",
    "Search",
    "Step",
    "create",
    "history",
    "load",
    "next_number",
    "read",
    "request_of",
    "save",
    "save_handlers",
    "search",
    "values_of",
]

COLUMNS: Final = tuple(field.name for field in fields(ServiceRequest))


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a request's history: who did what, when, in which version and cycle.

    `via`: "slip" where `by` was not signed in, but held the slip.
    """

    kind: str
    by: UUID | None
    at: datetime
    note: str = ""
    version: int = 0
    cycle: int = 0
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Which requests of a community are wanted; `seen_by` None: all that staff may see."""

    community: str
    seen_by: UUID | None
    mine: bool = False
    statuses: Sequence[Status] = ()
    category: str | None = None
    place_id: UUID | None = None
    words: str | None = None
    after: UUID | None = None
    limit: int = 50


_VISIBLE: Final = """
    community = :community AND (
        CAST(:seen_by AS uuid) IS NULL
        OR requester_id = :seen_by OR filed_by = :seen_by OR :seen_by = ANY(handler_ids)
        OR (visibility = 'public' AND status NOT IN ('submitted', 'rejected')))
"""
_MINE: Final = """
    community = :community AND id IN (
        SELECT id FROM service_request WHERE community = :community AND requester_id = :seen_by
        UNION SELECT id FROM service_request WHERE community = :community AND filed_by = :seen_by
        UNION SELECT request_id FROM handler
              WHERE community = :community AND person_id = :seen_by)
"""
_CREATE = text(
    f"""
    WITH created AS (
        INSERT INTO service_request ({", ".join(COLUMNS)}, handler_ids)
        VALUES ({", ".join(f":{name}" for name in COLUMNS)}, :handler_ids)
    ), stepped AS (
        INSERT INTO step (community, request_id, version, cycle, kind, by, at, note, via)
        VALUES (:community, :id, :version, :cycle, :step_kind, :step_by, :step_at, :step_note,
                :step_via)
    ), {TELL}
    """  # noqa: S608 - made of field names
)
_SAVE = text(
    f"""
    WITH saved AS (
        UPDATE service_request SET
            version = :version, status = :status, cycle = :cycle, work = CAST(:work AS jsonb),
            handler_ids = :handler_ids, task_version = :task_version,
            offered_to = CAST(:offered_to AS jsonb), verified_by = :verified_by,
            stars = :stars, closed_at = :closed_at, closed_as = :closed_as,
            takers_wanted = :takers_wanted, points_rule = :points_rule, updated_at = :updated_at
        WHERE community = :community AND id = :id AND version = :version - 1
        RETURNING id
    ), stepped AS (
        INSERT INTO step (community, request_id, version, cycle, kind, by, at, note, via)
        SELECT :community, id, :version, :cycle, :step_kind, :step_by, :step_at, :step_note,
               :step_via
        FROM saved
    ), {TELL}, (SELECT count(*) FROM saved) AS saved
    """  # noqa: S608 - a constant
)
_LOAD = text("SELECT * FROM service_request WHERE community = :community AND id = :id FOR UPDATE")
_READ = text(
    f"SELECT * FROM service_request WHERE id = :id AND {_VISIBLE}"  # noqa: S608 - constants
)
_FILTERS: Final = """
          (CAST(:after AS uuid) IS NULL OR id < :after)
      AND (cardinality(CAST(:statuses AS text[])) = 0 OR status = ANY(:statuses))
      AND (CAST(:category AS text) IS NULL OR category = :category)
      AND (CAST(:place_id AS uuid) IS NULL OR place_id = :place_id)
      AND (CAST(:words AS text) IS NULL OR (
            (cardinality(bigrams(:words)) = 0
             OR id IN (SELECT request_id FROM search_word
                       WHERE community = :community AND word = ANY(bigrams(:words))
                       GROUP BY request_id HAVING count(*) = cardinality(bigrams(:words))))
            AND position(lower(:words) IN lower(description)) > 0))
    ORDER BY id DESC LIMIT :limit + 1
"""
_SEARCH = text(
    f"SELECT * FROM service_request WHERE {_VISIBLE} AND {_FILTERS}"  # noqa: S608 - constants
)
_SEARCH_MINE = text(
    f"SELECT * FROM service_request WHERE {_MINE} AND {_FILTERS}"  # noqa: S608 - constants
)
_SAVE_HANDLERS = text(
    """
    WITH former AS (
        DELETE FROM handler WHERE community = :community AND request_id = :id
          AND person_id <> ALL(:handler_ids)
    )
    INSERT INTO handler (community, person_id, request_id)
    SELECT :community, person_id, :id FROM unnest(CAST(:handler_ids AS uuid[])) AS person_id
    ON CONFLICT DO NOTHING
    """
)
_INDEX_WORDS = text(
    """
    INSERT INTO search_word (community, word, request_id)
    SELECT :community, word, :id FROM unnest(bigrams(:description)) AS word
    """
)
_HISTORY = text(
    """
    SELECT kind, by, at, note, version, cycle, via FROM step
    WHERE community = :community AND request_id = :id ORDER BY version
    """
)
_NEXT_NUMBER = text(
    """
    INSERT INTO numbering (community, year, last) VALUES (:community, :year, 1)
    ON CONFLICT (community, year) DO UPDATE SET last = numbering.last + 1
    RETURNING last, (SELECT prefix FROM known_community WHERE community = :community) AS prefix
    """
)


async def create(tx: Transaction, request: ServiceRequest, step: Step, *events: Event) -> None:
    """Insert a new request with its first step, tell of it, and index its words."""
    await tx.execute(_CREATE, values_of(request) | _step_values(step) | told(events))
    await tx.execute(
        _INDEX_WORDS,
        {"community": request.community, "id": request.id, "description": request.description},
    )


async def save(tx: Transaction, request: ServiceRequest, step: Step, *events: Event) -> None:
    """Store the next version and its step, and tell of it. Raises WrongState for a lost race."""
    values = values_of(request) | _step_values(step) | told(events)
    if (await tx.execute(_SAVE, values)).one().saved != 1:
        raise WrongState


async def save_handlers(tx: Transaction, request: ServiceRequest) -> None:
    """Keep who handles a request, for the lists of the people themselves."""
    await tx.execute(
        _SAVE_HANDLERS,
        {
            "community": request.community,
            "id": request.id,
            "handler_ids": sorted(request.handlers),
        },
    )


async def load(
    tx: Transaction, community: str, request_id: UUID, *, expected: int | None = None
) -> ServiceRequest:
    """A request to change, locked until the transaction ends.

    Raises NotFound, and StaleVersion when the caller has seen another version than the present.
    """
    rows = await tx.execute(_LOAD, {"community": community, "id": request_id})
    row = rows.one_or_none()
    if row is None:
        raise NotFound
    request = request_of(row)
    if expected not in {None, request.version}:
        raise StaleVersion
    return request


async def read(
    tx: Transaction, community: str, request_id: UUID, *, seen_by: UUID | None
) -> ServiceRequest:
    """A request that `seen_by` may see (None: staff). Raises NotFound."""
    rows = await tx.execute(
        _READ,
        {"community": community, "id": request_id, "seen_by": seen_by},
    )
    row = rows.one_or_none()
    if row is None:
        raise NotFound
    return request_of(row)


async def search(tx: Transaction, wanted: Search) -> list[ServiceRequest]:
    """Requests, newest first; one more than `limit` when there are more."""
    rows = await tx.execute(
        _SEARCH_MINE if wanted.mine else _SEARCH,
        {
            "community": wanted.community,
            "seen_by": wanted.seen_by,
            "statuses": list(wanted.statuses),
            "category": wanted.category,
            "place_id": wanted.place_id,
            "words": wanted.words,
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [request_of(row) for row in rows]


async def history(tx: Transaction, community: str, request_id: UUID) -> list[Step]:
    """Every step of a request, in order."""
    rows = await tx.execute(_HISTORY, {"community": community, "id": request_id})
    return [Step(**row) for row in rows]


async def next_number(tx: Transaction, community: str, year: int) -> str:
    """The next number people read, for example WH-2026-000153; gaps only after a rollback."""
    row = (await tx.execute(_NEXT_NUMBER, {"community": community, "year": year})).one()
    return f"{row.prefix or community.upper()}-{year}-{row.last:06d}"


def values_of(request: ServiceRequest) -> dict[str, Any]:
    """A request as the values of its row."""
    values = {name: getattr(request, name) for name in COLUMNS}
    work = [one.model_dump(mode="json") for one in request.work]
    return values | {
        "work": orjson.dumps(work).decode(),
        "offered_to": request.offered_to and request.offered_to.model_dump_json(),
        "handler_ids": sorted(request.handlers),
    }


def _step_values(step: Step) -> dict[str, Any]:
    return {
        "step_kind": step.kind,
        "step_by": step.by,
        "step_at": step.at,
        "step_note": step.note,
        "step_via": step.via,
    }


def request_of(row: Row) -> ServiceRequest:
    """A request from the columns of its row."""
    values = {name: row[name] for name in COLUMNS}
    values["status"] = Status(values["status"])
    values["offered_to"] = values["offered_to"] and Taker(**values["offered_to"])
    values["work"] = tuple(
        Work(
            taker=Taker(**one["taker"]),
            person_id=one["person_id"],
            service_minutes=one["service_minutes"],
            acted=one["acted"],
        )
        for one in values["work"]
    )
    return ServiceRequest(**values)
