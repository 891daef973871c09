"""What makes the pages an app on a phone: the manifest, and the page without network."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from services.console.pages import assets, templates, texts

__all__ = ["router"]

router = APIRouter()


@router.get("/manifest.webmanifest")
async def manifest() -> Response:
    """Name, colours and icon for the home screen."""
    icon = {"src": assets.address("icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    content = {
        "name": "近邻 Jinlin",
        "short_name": "近邻",
        "lang": texts.CHINESE,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b5a8f",
        "icons": [icon | {"purpose": "any"}, icon | {"purpose": "maskable"}],
    }
    headers = {"cache-control": "no-cache"}
    return JSONResponse(content, headers=headers, media_type="application/manifest+json")


@router.get("/offline")
async def offline() -> Response:
    """About nobody and in both languages, for the browser keeps it."""
    return HTMLResponse(_offline_page(), headers={"cache-control": "no-cache"})


@router.get(f"/{assets.SERVICE_WORKER}")
async def service_worker(request: Request) -> Response:
    """At the root, or it would serve nothing but its own folder."""
    return assets.service_worker(request, _offline_page())


def _offline_page() -> str:
    english = texts.translations(texts.ENGLISH).gettext
    return templates.render(texts.CHINESE, "offline.html", english=english)
