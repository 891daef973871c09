"""My data: who I am, what I am where, my password, and the end of the session."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import MeTerms, MeView, NewPassword
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import (
    FormSent,
    Remarks,
    VersionedForm,
    number,
    refusal,
)
from services.console.pages.parts.part import part
from services.console.pages.parts.places import title_of
from services.console.pages.session import Session
from services.console.pages.texts import ENGLISH
from services.console.pages.visitor import Visitor

__all__ = ["SHORTEST_PASSWORD", "router"]

router = APIRouter()

SHORTEST_PASSWORD = 10


class PasswordForm(FormSent):
    """The old password and a new one, typed once: it can be shown."""

    old: str = ""
    new: str = ""


class DetailsForm(VersionedForm):
    """What one may change about oneself, and the version that was shown."""

    language: str = ""
    login_name: str = ""


@router.get("/me")
async def me(visitor: SignedIn) -> Response:
    """What the directory knows of the visitor."""
    return await _me(visitor)


@router.post("/me/details")
async def change_details(visitor: SignedIn, sent: Annotated[DetailsForm, Form()]) -> Response:
    """In which language notices are written, and the name to sign in with."""
    body = MeTerms(
        language="en" if sent.language == ENGLISH else "zh-CN",
        login_name=sent.login_name.strip() or None,
    )
    ask = visitor.services.directory.change_me
    try:
        await ask(visitor.caller, body, version=number(sent.version))
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {"language": "language", "login_name": "login_name"})
        return await _me(
            visitor, found.status, headers=found.headers, details=found.remarks, typed=sent
        )
    return visitor.go_on("/me?done=details")


@router.get("/me/details")
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
        return await _me(visitor, **found.page)
    visitor.session = Session.begun(tokens)
    return visitor.go_on("/me?done=password")


async def _me(
    visitor: Visitor,
    status: int = 200,
    *,
    details: Remarks | None = None,
    typed: DetailsForm | None = None,
    **context: Any,
) -> Response:
    """The page; `details` is what is said about the form for these, `typed` what it was sent."""
    found = await part(visitor.services.directory.get_me(visitor.caller))
    if found.value:
        visitor.titles.remember(found.value)
    return visitor.page(
        "me.html",
        status,
        me=found,
        homes=await _homes(visitor, found.value),
        done=visitor.parameter("done"),
        details=details or {},
        typed=typed,
        **context,
    )


async def _homes(visitor: Visitor, me: MeView | None) -> dict[str, str]:
    """Where the visitor lives or works, by community; without what cannot be had now."""
    own = [(one.community, one.place_id) for one in me.memberships if one.place_id] if me else []
    found = await asyncio.gather(
        *(part(title_of(visitor, place, community)) for community, place in own)
    )
    return {
        community: title.value.title
        for (community, _), title in zip(own, found, strict=True)
        if title.value
    }
