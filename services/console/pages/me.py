"""My data: who I am, what I am where, my password, and the end of the session."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NewPassword
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.parts.part import part
from services.console.pages.session import Session
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter()

SHORTEST_PASSWORD = 10


class PasswordForm(FormSent):
    """The old password and a new one, typed once: it can be shown."""

    old: str = ""
    new: str = ""


@router.get("/me")
async def me(visitor: SignedIn) -> Response:
    """What the directory knows of the visitor."""
    return await _me(visitor)


@router.get("/me/password")
async def back_to_me(visitor: SignedIn) -> Response:
    """The form is on the page above."""
    return visitor.go_on("/me")


@router.post("/me/password")
async def change_password(visitor: SignedIn, sent: Annotated[PasswordForm, Form()]) -> Response:
    """A new password ends every other session of its owner."""
    if len(sent.new) < SHORTEST_PASSWORD:
        why = visitor.gettext("新密码至少要 %(count)d 个字符。") % {"count": SHORTEST_PASSWORD}
        return await _me(visitor, 400, remarks={"new": why})
    body = NewPassword(old=sent.old or None, new=sent.new)
    try:
        tokens = await visitor.services.directory.change_password(visitor.caller, body)
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {"old": "old", "new": "new"})
        if isinstance(problem, Refused) and problem.code == "wrong-credentials":
            found.remarks = {"old": visitor.gettext("现在的密码不对。")}
        return await _me(visitor, found.status, headers=found.headers, remarks=found.remarks)
    visitor.session = Session.begun(tokens)
    return visitor.go_on("/me?done=password")


async def _me(visitor: Visitor, status: int = 200, **context: Any) -> Response:
    found = await part(visitor.services.directory.get_me(visitor.caller))
    if found.value:
        visitor.titles.remember(found.value)
    return visitor.page("me.html", status, me=found, done=visitor.parameter("done"), **context)
