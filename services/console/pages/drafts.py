"""What the script needs to send a form that was kept on a phone (`static/drafts.js`)."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages.visitor import Visiting

__all__ = ["router"]

router = APIRouter()

NOT_SIGNED_IN = 401
UNAVAILABLE = 503


@router.get("/drafts/pass")
async def draft_pass(visitor: Visiting) -> Response:
    """The token that forms need now, and whose: a draft is sent for its writer only.

    No other site can read it. 401: nobody is signed in; 503: nobody can say who is.
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
