"""What makes the pages an app on a phone: the manifest, the page without network, drafts."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages import assets, templates, texts
from services.console.pages.visitor import Visiting

__all__ = ["router"]

router = APIRouter()

NOT_SIGNED_IN: Final = 401
UNAVAILABLE: Final = 503


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


@router.get("/drafts/pass")
async def draft_pass(visitor: Visiting) -> Response:
    """For the script that sends drafts (`drafts.js`): the token that forms need now, and whose.

    A draft is sent for its writer only. No other site can read it. 401: nobody is signed in;
    503: nobody can say who is.
    """
    try:
        await visitor.renew()
    except Refused:
        visitor.session = None
    except (TooMany, Unavailable):
        return Response(status_code=UNAVAILABLE)
    if visitor.who is None:
        return visitor.with_cookies(Response(status_code=NOT_SIGNED_IN))
    content = {"form_token": visitor.form_token, "who": str(visitor.who.id)}
    return visitor.with_cookies(JSONResponse(content))


def _offline_page() -> str:
    english = texts.translations(texts.ENGLISH).gettext
    return templates.render(texts.CHINESE, "offline.html", english=english)
