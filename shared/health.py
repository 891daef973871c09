"""`/livez`, `/readyz`, `/metrics`: whether a service lives, can work, and how it goes."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from shared import revisions
from shared.permissions import Permissions

if TYPE_CHECKING:
    from shared.service import Service

__all__ = ["router"]

_REVISION = text("SELECT version_num FROM alembic_version")


def router(service: "Service") -> APIRouter:
    """The health routes of one service; they need no sign-in and tell nothing of anybody."""
    routes = APIRouter(tags=["health"], dependencies=[Permissions.anybody()])

    @routes.get("/livez")
    async def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @routes.get("/readyz", responses={503: {"description": "Some part cannot work now."}})
    async def readyz() -> Response:
        """Whether database, migrations, bus and consumers are all well, each by name."""
        parts = await _parts(service)
        ready = all(parts.values())
        body: dict[str, Any] = {"ready": ready, "service": service.name, "parts": parts}
        return JSONResponse(body, 200 if ready else 503)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(service.metrics.page(), media_type="text/plain; version=0.0.4")

    return routes


async def _parts(service: "Service") -> dict[str, bool]:
    revision = None
    try:
        async with service.database.transaction() as tx:
            revision = (await tx.execute(_REVISION)).scalar_one_or_none()
        database = True
    except Exception:  # noqa: BLE001 - whatever it is, the database does not work
        database = False
    expected = revisions.head(service.definition.folder / "migrations")
    return {
        "database": database,
        "migrations": revision == expected,
        "prepared": service.prepared,
        "bus": service.bus.is_connected,
        "consumers": service.bus.is_connected and not service.bus.stalled,
    }
