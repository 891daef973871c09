"""What makes the pages an app on a phone: the manifest, and the page without network."""

from fastapi import APIRouter, Response
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
    english = texts.translations(texts.ENGLISH).gettext
    page = templates.render(texts.CHINESE, "offline.html", english=english)
    return HTMLResponse(page, headers={"cache-control": "no-cache"})
