"""The first page: sign in, sign out, and whether each service is well."""

import asyncio
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel

from services.console.clients import Health, Me, Refused, TooMany, Unavailable
from services.console.pages import texts
from services.console.pages.session import Session
from services.console.pages.visitor import Visiting, Visitor

__all__ = ["router"]

router = APIRouter()

SECONDS_STILL_TOLD: Final = 120
"""A longer wait is told in minutes."""


class FormSent(BaseModel):
    """What each of our forms sends: the token that shows whose it is."""

    form_token: str = ""


class SignIn(FormSent):
    """The sign-in form; what is missing is told beside its field."""

    login_name: str = ""
    password: str = ""


class Remarks(BaseModel):
    """What is to be said about a form: beside its fields, and above it."""

    form: str = ""
    login_name: str = ""
    password: str = ""


@router.get("/")
async def home(visitor: Visiting) -> Response:
    """Who is signed in, or the sign-in form; and the health of the services."""
    return await _home(visitor)


@router.get("/sign-in")
@router.get("/sign-out")
async def back_home(visitor: Visiting) -> Response:
    """Whoever opens a form's address by hand gets the page with the form."""
    return visitor.go_on()


@router.post("/sign-in")
async def sign_in(visitor: Visiting, sent: Annotated[SignIn, Form()]) -> Response:
    """Begin a session, or say beside the field what is wrong."""
    _ = visitor.gettext
    login_name = sent.login_name.strip()
    if not visitor.sent(sent.form_token):
        return await _not_ours(visitor, login_name)
    remarks = Remarks(
        login_name="" if login_name else _("请填写登录名。"),
        password="" if sent.password else _("请填写密码。"),
    )
    if remarks.login_name or remarks.password:
        return await _home(visitor, 400, remarks, login_name)
    try:
        tokens = await visitor.services.sign_in(login_name, sent.password, visitor.caller)
    except Refused as refused:
        wrong = (refused.status == 401 and refused.title) or _("登录名或密码不对，请检查后再试。")  # noqa: PLR2004
        return await _home(visitor, 401, Remarks(password=wrong), login_name)
    except TooMany as too_many:
        remarks = Remarks(form=_patience(visitor, too_many.wait_seconds))
        answer = await _home(visitor, 429, remarks, login_name)
        answer.headers["retry-after"] = str(too_many.wait_seconds)
        return answer
    except Unavailable:
        return await _home(visitor, 503, Remarks(form=_(texts.NO_SIGN_IN)), login_name)
    visitor.session = Session.begun(tokens)
    return visitor.go_on()


@router.post("/sign-out")
async def sign_out(visitor: Visiting, sent: Annotated[FormSent, Form()]) -> Response:
    """End the session; in this browser also when the directory cannot be told."""
    if not visitor.sent(sent.form_token):
        return await _not_ours(visitor)
    if visitor.session:
        with suppress(Refused, TooMany, Unavailable):  # it was over, or ends by itself
            await visitor.services.sign_out(visitor.session.refresh_token, visitor.caller)
    visitor.session = None
    return visitor.go_on()


async def _home(
    visitor: Visitor, status: int = 200, remarks: Remarks | None = None, login_name: str = ""
) -> Response:
    health, me = await asyncio.gather(visitor.services.health(), _recognise(visitor))
    _ = visitor.gettext
    remarks = remarks or Remarks()
    if not remarks.form and visitor.session is None and health["directory"] == Health.UNAVAILABLE:
        remarks.form = _(texts.NO_SIGN_IN)
    return visitor.page(
        "home.html",
        status,
        me=me,
        is_signed_in=visitor.session is not None,
        health=health,
        remarks=remarks,
        login_name=login_name,
        service_names=texts.SERVICES,
        health_words=texts.HEALTH,
        role_names=texts.ROLES,
    )


async def _recognise(visitor: Visitor) -> Me | None:
    """Who is signed in. None with a session: the directory is not there to say it."""
    if visitor.session is None:
        return None
    try:
        with suppress(Refused):  # a key that was changed, a clock that is wrong
            if not visitor.session.is_over():
                return await visitor.services.me(visitor.caller)
        visitor.session = await visitor.renewals.renew(visitor.session, visitor.caller)
        return await visitor.services.me(visitor.caller)
    except Refused:
        visitor.session = None
    except (TooMany, Unavailable):
        pass
    return None


async def _not_ours(visitor: Visitor, login_name: str = "") -> Response:
    """Nothing was done: the form did not come from our page in this browser."""
    remarks = Remarks(form=visitor.gettext(texts.NOT_OURS))
    return await _home(visitor, 403, remarks, login_name)


def _patience(visitor: Visitor, seconds: int) -> str:
    _ = visitor.gettext
    if seconds <= SECONDS_STILL_TOLD:
        return _("尝试次数过多，请在 %(seconds)s 秒后再试。") % {"seconds": seconds}
    return _("尝试次数过多，请在 %(minutes)s 分钟后再试。") % {"minutes": -(-seconds // 60)}
