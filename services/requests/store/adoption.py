"""Requests that come back from their events: rows and history as they are, numbers moved past."""

from collections.abc import Sequence

from sqlalchemy import text

from services.requests.domain import ServiceRequest
from services.requests.store.requests import COLUMNS, Step, values_of
from shared.database import Transaction

__all__ = ["never_again", "put_back"]

_SETS = ", ".join(f"{one} = excluded.{one}" for one in (*COLUMNS, "handler_ids"))
_PUT_BACK = text(
    f"""
    INSERT INTO service_request ({", ".join(COLUMNS)}, handler_ids)
    VALUES ({", ".join(f":{name}" for name in COLUMNS)}, :handler_ids)
    ON CONFLICT (community, id) DO UPDATE SET {_SETS}
    WHERE service_request.version < excluded.version
    """  # noqa: S608 - made of field names
)
_ADD_STEP = text(
    """
    INSERT INTO step (community, request_id, version, cycle, kind, by, at, note, via)
    VALUES (:community, :request_id, :version, :cycle, :kind, :by, :at, '', :via)
    ON CONFLICT DO NOTHING
    """
)
_MOVE_NUMBERS = text(
    """
    INSERT INTO numbering (community, year, last) VALUES (:community, :year, :last)
    ON CONFLICT (community, year) DO UPDATE SET last = greatest(numbering.last, excluded.last)
    """
)


async def put_back(tx: Transaction, request: ServiceRequest, steps: Sequence[Step]) -> None:
    """Store a request with the steps that led there."""
    await tx.execute(_PUT_BACK, values_of(request))
    key = {"community": request.community, "request_id": request.id}
    await tx.change_each(
        _ADD_STEP,
        [
            key
            | {
                "version": one.version,
                "cycle": one.cycle,
                "kind": one.kind,
                "by": one.by,
                "at": one.at,
                "via": one.via,
            }
            for one in steps
        ],
    )


async def never_again(tx: Transaction, community: str, number: str) -> None:
    """Let the numbers that are given go on after `number`."""
    _, year, last = number.rsplit("-", 2)
    await tx.execute(_MOVE_NUMBERS, {"community": community, "year": int(year), "last": int(last)})
