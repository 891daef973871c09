"""Signing in and out, and the way from `/` to where somebody belongs."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Response

from services.console.clients import Health, Refused, TooMany, Unavailable
from services.console.clients.models.directory import Credentials, RefreshToken
from services.console.pages import texts
from services.console.pages.parts import navigation
from services.console.pages.parts.forms import FormSent, Remarks, refusal
from services.console.pages.session import Session
from services.console.pages.visitor import Visiting, Visitor

__all__ = ["router", "sign_in_page"]

NOT_SIGNED_IN = 401

router = APIRouter()


class SignIn(FormSent):
    """The sign-in form; what is missing is told beside its field."""

    login_name: str = ""
    password: str = ""
    onward: str = ""


@router.get("/")
async def home(visitor: Visiting) -> Response:
    """On to the visitor's first tab; the sign-in form for whoever is not signed in."""
    try:
        await visitor.renew()
    except Refused:
        visitor.session = None
    except (TooMany, Unavailable):
        return visitor.page("waiting.html", 503)
    if visitor.who is None:
        visitor.session = None
        return await sign_in_page(visitor)
    return visitor.go_on(navigation.tabs(visitor.place, visitor.roles)[0].path)


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
    remarks = {
        "login_name": "" if login_name else _("请填写登录名。"),
        "password": "" if sent.password else _("请填写密码。"),
    }
    if any(remarks.values()):
        return await sign_in_page(visitor, 400, remarks, login_name, sent.onward)
    credentials = Credentials(login_name=login_name, password=sent.password)
    try:
        tokens = await visitor.services.directory.sign_in(visitor.caller, credentials)
    except Refused as refused:
        wrong = (refused.status == NOT_SIGNED_IN and refused.title) or _(
            "登录名或密码不对，请检查后再试。"
        )
        return await sign_in_page(visitor, 401, {"password": wrong}, login_name, sent.onward)
    except (TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {})
        if isinstance(problem, Unavailable):
            found.remarks["form"] = _(texts.NO_SIGN_IN)
        answer = await sign_in_page(visitor, found.status, found.remarks, login_name, sent.onward)
        answer.headers.update(found.headers)
        return answer
    visitor.session = Session.begun(tokens)
    return visitor.go_on(_local(sent.onward))


@router.post("/sign-out")
async def sign_out(visitor: Visiting) -> Response:
    """End the session; in this browser also when the directory cannot be told."""
    if visitor.session:
        spent = RefreshToken(refresh_token=visitor.session.refresh_token)
        with suppress(Refused, TooMany, Unavailable):  # it was over, or ends by itself
            await visitor.services.directory.sign_out(visitor.caller, spent)
    visitor.session = None
    return visitor.go_on()


async def sign_in_page(
    visitor: Visitor,
    status: int = 200,
    remarks: Remarks | None = None,
    login_name: str = "",
    onward: str = "",
) -> Response:
    """The sign-in form, and whether each service is well."""
    health = await visitor.services.connection.health()
    remarks = remarks or {}
    if not remarks.get("form") and health["directory"] == Health.UNAVAILABLE:
        remarks["form"] = visitor.gettext(texts.NO_SIGN_IN)
    return visitor.page(
        "sign_in.html",
        status,
        health=health,
        remarks=remarks,
        login_name=login_name,
        onward=onward,
    )


def _local(path: str) -> str:
    """`path` when it is one of ours, else the first page: nobody is sent to another site."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
