"""Requests and their steps."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.requests.domain import ServiceRequest, Status, Via
from shared.database import Row, Transaction
from shared.events import Event, Taker, Work
from shared.outbox import TELL, tell
from shared.problems import NotFound, StaleVersion, WrongState

__all__ = [
    "COLUMNS",
    "NOTED",
    "Step",
    "create",
    "history",
    "load",
    "next_number",
    "request_of",
    "save",
    "save_handlers",
    "values_of",
]

NOTED: Final = "noted"
"""The kind of the steps that only staff read."""

COLUMNS: Final = tuple(field.name for field in fields(ServiceRequest))


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a request's history: who did what, when, in which version and cycle.

    `via`: "slip" where `by` was not signed in, but held the slip; "timeout" where nobody did it.
    """

    kind: str
    by: UUID | None
    at: datetime
    note: str = ""
    version: int = 0
    cycle: int = 0
    via: Via | None = None


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
            category = :category, visibility = :visibility,
            evidence_needed = :evidence_needed, limit_hours = :limit_hours,
            takers_wanted = :takers_wanted, points_rule = :points_rule, updated_at = :updated_at,
            registered_at = :registered_at, due_soon_at = :due_soon_at, due_at = :due_at,
            closes_at = :closes_at
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
    WHERE community = :community AND request_id = :id
      AND kind <> ALL(CAST(:hidden AS text[]))
    UNION ALL
    SELECT 'slip_printed', printed_by, printed_at, '', version, cycle, NULL FROM printed_slip
    WHERE community = :community AND request_id = :id
    ORDER BY version, at
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
    await tell(tx, _CREATE, events, values_of(request) | _step_values(step))
    await tx.execute(
        _INDEX_WORDS,
        {"community": request.community, "id": request.id, "description": request.description},
    )


async def save(tx: Transaction, request: ServiceRequest, step: Step, *events: Event) -> None:
    """Store the next version and its step, and tell of it. Raises WrongState for a lost race."""
    values = values_of(request) | _step_values(step)
    if (await tell(tx, _SAVE, events, values)).one().saved != 1:
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


async def history(
    tx: Transaction, community: str, request_id: UUID, *, for_staff: bool = False
) -> list[Step]:
    """Every step of a request, in order; and who printed a slip, which is no new version.

    What staff noted for each other only `for_staff`.
    """
    hidden = [] if for_staff else [NOTED]
    rows = await tx.execute(_HISTORY, {"community": community, "id": request_id, "hidden": hidden})
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
    """A request from its row."""
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
