"""Finding requests: what somebody may see of them, and what waits for the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import TextClause, text

from services.requests.domain import CALL_BACK, Queue, ServiceRequest, Status
from services.requests.store.requests import request_of
from services.requests.store.tables import UNASSIGNED, UNRESOLVED
from shared.database import Transaction
from shared.problems import NotFound

__all__ = ["IN_GRID", "WITH_GRID", "Eyes", "Order", "Search", "count_queues", "read", "search"]


Order = Literal["newest", "due"]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, and every taker they can be: oneself and one's organisations."""

    person_id: UUID
    taker_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Search:
    """Which requests of a community are wanted; `seen_by` None: all that staff may see."""

    community: str
    seen_by: Eyes | None
    mine: bool = False
    queue: Queue | None = None
    ids: Sequence[UUID] = ()
    order: Order = "newest"
    statuses: Sequence[Status] = ()
    category: str | None = None
    place_id: UUID | None = None
    grid: UUID | None = None
    words: str | None = None
    after: UUID | None = None
    limit: int = 50


type _Scope = Literal["all", "visible", "mine"]

WITH_GRID: Final = """
    WITH grid AS MATERIALIZED (
        SELECT ARRAY(
            WITH RECURSIVE inside AS (
                SELECT CAST(:grid AS uuid) AS place_id
                UNION SELECT place.place_id
                      FROM inside JOIN known_place AS place ON place.parent_id = inside.place_id
                      WHERE place.community = :community)
            SELECT place_id FROM inside) AS place_ids)
"""
"""A place and whatever lies in it; removed places too, for their requests stay."""

IN_GRID: Final = "place_id = ANY(CAST((SELECT place_ids FROM grid) AS uuid[]))"
"""The condition of the requests there, in a statement that begins with `WITH_GRID`."""

_SCOPES: Final[Mapping[_Scope, str]] = {
    "all": "community = :community",
    "visible": """
        community = :community AND (
            requester_id = :seen_by OR filed_by = :seen_by OR :seen_by = ANY(handler_ids)
            OR (visibility = 'public' AND status NOT IN ('submitted', 'rejected'))
            OR (status = 'dispatched'
                AND CAST(offered_to ->> 'id' AS uuid) = ANY(CAST(:taker_ids AS uuid[]))))
    """,
    "mine": """
        community = :community AND id IN (
            SELECT id FROM service_request
            WHERE community = :community AND requester_id = :seen_by
            UNION SELECT id FROM service_request
                  WHERE community = :community AND filed_by = :seen_by
            UNION SELECT request_id FROM handler
                  WHERE community = :community AND person_id = :seen_by)
    """,
}
_WORDS: Final = "CAST((SELECT bigrams(CAST(:words AS text))) AS text[])"
"""Asked for once in a statement: a plan for any words would take them apart for every row."""

_FILTERS: Final = {
    "ids": "id = ANY(CAST(:ids AS uuid[]))",
    "statuses": "status = ANY(CAST(:statuses AS text[]))",
    "category": "category = :category",
    "place_id": "place_id = :place_id",
    "grid": IN_GRID,
    "words": f"""
        (cardinality({_WORDS}) = 0
         OR id IN (SELECT request_id FROM search_word
                   WHERE community = :community AND word = ANY({_WORDS})
                   GROUP BY request_id HAVING count(*) = cardinality({_WORDS})))
        AND position(lower(:words) IN lower(description)) > 0
    """,  # noqa: S608 - a constant
}
"""What a filter adds to a search; one that is not asked for keeps no index from being used."""

_QUEUES: Final[Mapping[Queue, str]] = {
    Queue.TO_TRIAGE: "status = 'submitted'",
    Queue.TO_DISPATCH: UNASSIGNED,
    Queue.DUE_SOON: f"{UNRESOLVED} AND due_soon_at <= :now AND due_at >= :now",
    Queue.OVERDUE: f"{UNRESOLVED} AND due_at < :now",
    Queue.TO_VERIFY: "status = 'resolved'",
    Queue.TO_CALL_BACK: "closed_at > :call_back_from AND closed_at <= :now AND stars IS NULL"
    " AND closed_as <> 'on_the_spot'",
}
_MOST_URGENT_FIRST: Final[Mapping[Queue | Order, str]] = {
    "due": "coalesce(due_at, 'infinity')",
    Queue.DUE_SOON: "due_at",
    Queue.OVERDUE: "due_at",
    Queue.TO_CALL_BACK: "closed_at",
}
"""The moment that orders a list; other queues begin with what has waited longest."""


def _counts(*narrowed: str) -> str:
    """All queues in one statement, each counted from an index of its own."""
    counts = (
        "(SELECT count(*) FROM service_request WHERE "  # noqa: S608 - constants
        f"{' AND '.join(('community = :community', condition, *narrowed))}) AS {queue}"
        for queue, condition in _QUEUES.items()
    )
    return f"SELECT {', '.join(counts)}"


_COUNT = text(_counts())
_COUNT_OF_GRID = text(f"{WITH_GRID} {_counts(IN_GRID)}")


async def read(
    tx: Transaction, community: str, request_id: UUID, *, seen_by: Eyes | None
) -> ServiceRequest:
    """A request that `seen_by` may see (None: staff). Raises NotFound."""
    values = {"community": community, "id": request_id} | _sight(seen_by)
    rows = await tx.execute(_read_of("visible" if seen_by else "all"), values)
    row = rows.one_or_none()
    if row is None:
        raise NotFound
    return request_of(row)


async def search(tx: Transaction, wanted: Search, *, now: datetime) -> list[ServiceRequest]:
    """Requests, one more than `limit` when there are more.

    In the order that is wanted; a queue by its clock, or what has waited longest first.
    """
    asked = {name: value for name in _FILTERS if (value := getattr(wanted, name))}
    scope = "mine" if wanted.mine else "visible" if wanted.seen_by else "all"
    order = wanted.queue or wanted.order
    statement = _search_of(scope, order, tuple(asked), goes_on=wanted.after is not None)
    rows = await tx.execute(
        statement,
        asked
        | _moments(now)
        | _sight(wanted.seen_by)
        | {
            "community": wanted.community,
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [request_of(row) for row in rows]


async def count_queues(
    tx: Transaction, community: str, *, grid: UUID | None, now: datetime
) -> dict[str, int]:
    """How many requests stand in each queue, of a whole community or of one place in it."""
    statement = _COUNT_OF_GRID if grid else _COUNT
    rows = await tx.execute(statement, {"community": community, "grid": grid} | _moments(now))
    return dict(rows.one())


def _sight(eyes: Eyes | None) -> dict[str, Any]:
    return {"seen_by": eyes.person_id, "taker_ids": list(eyes.taker_ids)} if eyes else {}


def _moments(now: datetime) -> dict[str, Any]:
    return {"now": now, "call_back_from": now - CALL_BACK}


@cache
def _read_of(scope: _Scope) -> TextClause:
    return text(
        f"SELECT * FROM service_request WHERE id = :id AND {_SCOPES[scope]}"  # noqa: S608 - ours
    )


@cache
def _search_of(
    scope: _Scope, wanted: Queue | Order, filters: tuple[str, ...], *, goes_on: bool
) -> TextClause:
    """A search in `scope` with these filters; `goes_on`: from where a page ended."""
    order, follows = _order_of(wanted)
    conditions = [_SCOPES[scope], *(_FILTERS[name] for name in filters)]
    conditions += [_QUEUES[wanted]] if isinstance(wanted, Queue) else []
    conditions += [follows] if goes_on else []
    beginning = WITH_GRID if "grid" in filters else ""
    return text(
        f"{beginning} SELECT * FROM service_request"  # noqa: S608 - constants
        f" WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit + 1"
    )


def _order_of(wanted: Queue | Order) -> tuple[str, str]:
    """The order of a list, and what is true of those that come after the request `:after`."""
    if wanted == "newest":
        return "id DESC", "id < :after"
    moment = _MOST_URGENT_FIRST.get(wanted)
    if moment is None:
        return "id", "id > :after"
    # One that was reopened meanwhile has no such moment: the list begins again, and misses none.
    return f"{moment}, id", (
        f"({moment}, id) > (coalesce((SELECT {moment} FROM service_request "  # noqa: S608 - ours
        "WHERE community = :community AND id = :after), '-infinity'), CAST(:after AS uuid))"
    )
