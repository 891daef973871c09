"""`/livez`, `/readyz`, `/metrics` of the console itself."""

from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest

__all__ = ["router"]

router = APIRouter()


@router.get("/livez")
async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz() -> dict[str, str | bool]:
    """Ready whenever it serves: a page does without the part whose service is down."""
    return {"ready": True, "service": "console"}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    figures = generate_latest(request.app.state.services.connection.registry)
    return Response(figures, media_type="text/plain; version=0.0.4")
