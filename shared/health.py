"""`/livez`, `/readyz`, `/metrics`: whether a service lives, can work, and how it goes."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from shared import revisions
from shared.database import Database
from shared.permissions import Permissions

__all__ = ["Parts", "database_parts", "metrics_router", "router"]

Parts = Callable[[], Awaitable[Mapping[str, bool]]]
"""Asks which parts of a service are well, each by name."""

_REVISION = text("SELECT version_num FROM alembic_version")


def router(service: str, parts: Parts) -> APIRouter:
    """The health routes of one service; they need no sign-in and tell nothing of anybody."""
    routes = APIRouter(tags=["health"], dependencies=[Permissions.anybody()])

    @routes.get("/livez")
    async def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @routes.get("/readyz", responses={503: {"description": "Some part cannot work now."}})
    async def readyz() -> Response:
        """Whether database, migrations, bus and consumers are all well, each by name."""
        found = await parts()
        ready = all(found.values())
        body: dict[str, Any] = {"ready": ready, "service": service, "parts": dict(found)}
        return JSONResponse(body, 200 if ready else 503)

    return routes


def metrics_router(figures: Callable[[], bytes]) -> APIRouter:
    """`/metrics`, at the root of the process only: the origin passes on what is below `/api`."""
    routes = APIRouter(dependencies=[Permissions.anybody()])

    @routes.get("/metrics")
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(figures(), media_type="text/plain; version=0.0.4")

    return routes


async def database_parts(database: Database, migrations: Path) -> dict[str, bool]:
    """Whether the database answers, and stands at the revision that this code expects."""
    try:
        async with database.transaction() as tx:
            revision = (await tx.execute(_REVISION)).scalar_one_or_none()
    except Exception:  # noqa: BLE001 - whatever it is, the database does not work
        return {"database": False, "migrations": False}
    return {"database": True, "migrations": revision == revisions.head(migrations)}
