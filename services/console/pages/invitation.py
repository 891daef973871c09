"""The first time: the code on the paper signs in once, then one chooses a password of one's own."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import Code, MeTerms, MeView, NewPassword, TokensView
from services.console.pages import texts
from services.console.pages.access import SignedIn
from services.console.pages.me import SHORTEST_PASSWORD
from services.console.pages.parts.forms import FormSent, Refusal, Remarks, refusal
from services.console.pages.session import Session
from services.console.pages.texts import N_
from services.console.pages.visitor import Visiting, Visitor
from shared.codes import typed_code

__all__ = ["router"]

router = APIRouter(prefix="/invitation")

FIELDS: Final = {"login_name": "login_name", "new": "new"}
CODES: Final = {"login-name-taken": "login_name"}
HAS_ONE: Final = N_("您已经有密码，不用再设。要换密码，请到“我的”。")


class CodeForm(FormSent):
    """The code, as it was typed."""

    code: str = ""


class PasswordForm(FormSent):
    """A password, typed twice for it is not shown; and a name for whoever has none."""

    login_name: str = ""
    new: str = ""
    again: str = ""


@router.get("")
async def ask_for_code(visitor: Visiting) -> Response:
    """The form for the code."""
    return _code_page(visitor)


@router.post("")
async def take_code(visitor: Visiting, sent: Annotated[CodeForm, Form()]) -> Response:
    """Begin a session, as by password; the code is in no address, and is used up now."""
    code = typed_code(sent.code)
    if not code:
        why = visitor.gettext("请填写邀请码。")
        return _code_page(visitor, 400, typed=sent.code, remarks={"code": why})
    try:
        ask = visitor.services.directory.sign_in_by_invitation
        tokens = await ask(visitor.caller, Code(code=code))
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {"code": "code"})
        if isinstance(problem, Unavailable):
            found.remarks["form"] = visitor.gettext(texts.NO_SIGN_IN)
        remarks = {"code": " ".join(found.remarks.values())}
        return _code_page(
            visitor, found.status, typed=sent.code, remarks=remarks, headers=found.headers
        )
    visitor.session = Session.begun(tokens)
    return visitor.go_on("/invitation/password")


@router.get("/password")
async def ask_for_password(visitor: SignedIn) -> Response:
    """The form for a password, and for a name to sign in with where there is none."""
    me = await visitor.services.directory.get_me(visitor.caller)
    return _password_page(visitor, me, login_name=_phone_as_name(me))


@router.post("/password")
async def choose_password(visitor: SignedIn, sent: Annotated[PasswordForm, Form()]) -> Response:
    """Keep both; what was kept already is not asked for again."""
    me = await visitor.services.directory.get_me(visitor.caller)
    name = sent.login_name.strip()
    remarks = _missing(visitor, me, sent)
    if remarks:
        return _password_page(visitor, me, 400, login_name=name, remarks=remarks)
    try:
        tokens = await _keep(visitor, me, name, sent.new)
    except (Refused, TooMany, Unavailable) as problem:
        me = await visitor.services.directory.get_me(visitor.caller)
        found = _refusal(visitor, problem)
        return _password_page(visitor, me, login_name=name, **found.page)
    visitor.session = Session.begun(tokens)
    return visitor.go_on("/invitation/done")


@router.get("/done")
async def done(visitor: SignedIn) -> Response:
    """What to write down for the next time."""
    me = await visitor.services.directory.get_me(visitor.caller)
    return visitor.page("invitation/done.html", me=me, address=visitor.outside("/"))


async def _keep(visitor: Visitor, me: MeView, login_name: str, password: str) -> TokensView:
    """A password is of use only with a name, so the name comes first. Raises as calls do."""
    directory = visitor.services.directory
    if me.login_name is None:
        terms = MeTerms(language=me.language, login_name=login_name)
        await directory.change_me(visitor.caller, terms, version=me.version)
    return await directory.change_password(visitor.caller, NewPassword(new=password))


def _missing(visitor: Visitor, me: MeView, sent: PasswordForm) -> Remarks:
    _ = visitor.gettext
    remarks: Remarks = {}
    if me.login_name is None and not sent.login_name.strip():
        remarks["login_name"] = _("请填写登录名。")
    if len(sent.new) < SHORTEST_PASSWORD:
        remarks["new"] = _("新密码至少要 %(count)d 个字符。") % {"count": SHORTEST_PASSWORD}
    elif sent.again != sent.new:
        remarks["again"] = _("两次填的密码不一样，请再填一次。")
    return remarks


def _refusal(visitor: Visitor, problem: Refused | TooMany | Unavailable) -> Refusal:
    found = refusal(problem, visitor, FIELDS, CODES)
    if isinstance(problem, Refused) and problem.code == "wrong-credentials":
        found.remarks = {"form": visitor.gettext(HAS_ONE)}
    return found


def _phone_as_name(me: MeView) -> str:
    """Who has no name to sign in with is offered the own phone, which they know by heart."""
    return me.phone or ""


def _code_page(visitor: Visitor, status: int = 200, *, typed: str = "", **context: Any) -> Response:
    return visitor.page("invitation/code.html", status, typed=typed, **context)


def _password_page(
    visitor: Visitor, me: MeView, status: int = 200, *, login_name: str = "", **context: Any
) -> Response:
    return visitor.page(
        "invitation/password.html",
        status,
        me=me,
        login_name=login_name,
        shortest=SHORTEST_PASSWORD,
        **context,
    )
