"""Style, script and pictures: read once, served under names that change with their content."""

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

__all__ = [
    "BROUGHT",
    "BROUGHT_FILES",
    "SERVICE_WORKER",
    "STATIC",
    "address",
    "router",
    "service_worker",
]

STATIC: Final = Path(__file__).parents[1] / "static"
BROUGHT: Final = Path(__file__).parents[1] / "node_modules" / "htmx.org" / "dist"
"""What `npm ci` brings, by `package-lock.json`. It may be absent: the pages work without."""

BROUGHT_FILES: Final = ("htmx.min.js",)

FOREVER: Final = "public, max-age=31536000, immutable"
ASKED_ABOUT: Final = "no-cache"
SERVICE_WORKER: Final = "service-worker.js"
DRAFTS: Final = "drafts.js"
SHELL: Final = ("console.css", "console.js", DRAFTS, "draft-forms.js", "icon.svg")
SMALLEST_ZIPPED_BYTES: Final = 500

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    content: bytes
    zipped: bytes | None
    media_type: str
    mark: str
    """Changes with the content."""


@cache
def _assets() -> dict[str, Asset]:
    return {path.name: _asset(path.name, path.read_bytes()) for path in _files()}


def _files() -> Iterator[Path]:
    yield from STATIC.glob("*.*")
    yield from (BROUGHT / one for one in BROUGHT_FILES if (BROUGHT / one).exists())


def _asset(name: str, content: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".webmanifest"):
        kind = "application/manifest+json"
    if name.endswith(".js"):
        kind = "text/javascript"
    zipped = gzip.compress(content, 9, mtime=0) if len(content) > SMALLEST_ZIPPED_BYTES else None
    return Asset(content, zipped, kind, hashlib.sha256(content).hexdigest()[:12])


def address(name: str) -> str:
    """Where the browser finds a file; empty when it was not brought."""
    asset = _assets().get(name)
    return _marked(name, asset.mark) if asset else ""


def _marked(name: str, mark: str) -> str:
    return f"/static/{mark}/{name}"


@router.get("/static/{mark}/{name}")
async def marked(request: Request, mark: str, name: str) -> Response:
    """A file under its marked name: kept for good, for another content has another name."""
    asset = _assets().get(name)
    if asset is None or asset.mark != mark:
        raise HTTPException(404)
    return _answer(request, asset, FOREVER)


def service_worker(request: Request, offline_page: str) -> Response:
    """What keeps the shell in the browser; it changes with every part of it, also with the page."""
    worker = _worker(hashlib.sha256(offline_page.encode()).hexdigest()[:12])
    return _answer(request, worker, ASKED_ABOUT)


@cache
def _worker(offline_mark: str) -> Asset:
    shell = ["/offline", *(address(name) for name in SHELL)]
    told = {"SHELL": shell, "DRAFTS": address(DRAFTS), "OFFLINE": offline_mark}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in told.items())
    return _asset(SERVICE_WORKER, head.encode() + _assets()[SERVICE_WORKER].content)


def _answer(request: Request, asset: Asset, kept: str) -> Response:
    tag = f'"{asset.mark}"'
    headers = {"cache-control": kept, "etag": tag, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    content = asset.content
    if asset.zipped and "gzip" in request.headers.get("accept-encoding", ""):
        content = asset.zipped
        headers["content-encoding"] = "gzip"
    return Response(content, media_type=asset.media_type, headers=headers)
