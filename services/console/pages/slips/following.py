"""Following a request by its slip, without signing in. Nothing here tells of anybody."""

from collections.abc import Awaitable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Response

from services.console.clients import Caller, Refused, TooMany, Unavailable
from services.console.clients.base import at
from services.console.clients.models.requests import FollowUpView, Rating, Reason
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visiting, Visitor
from shared.codes import typed_code

__all__ = ["router"]

router = APIRouter()

NO_SUCH_SLIP: Final = "no-slip"
GROUP: Final = 4


class CodeForm(FormSent):
    """The code, as it was typed."""

    code: str = ""


class ReasonForm(FormSent):
    """Why it is not solved."""

    reason: str = ""


class RatingForm(FormSent):
    """How it went: 1 to 5, and a few words."""

    stars: str = ""
    note: str = ""


@router.get("/f")
async def ask_for_code(visitor: Visiting) -> Response:
    """The form for whoever cannot scan the QR code."""
    return _form(visitor)


@router.post("/f")
async def take_code(visitor: Visiting, sent: Annotated[CodeForm, Form()]) -> Response:
    """On to the slip; whether there is one is looked up there."""
    code = typed_code(sent.code)
    if not code:
        why = visitor.gettext("请填写回执上的查询码。")
        return _form(visitor, 400, code=sent.code, remarks={"code": why})
    return visitor.go_on(_path(code))


@router.get("/f/{code}")
async def follow(visitor: Visiting, code: str) -> Response:
    """Where the request stands, and what can be said to that."""
    return await _follow(visitor, code)


@router.get("/f/{code}/confirm")
@router.get("/f/{code}/rate")
async def back_to_slip(visitor: Visiting, code: str) -> Response:
    """Both forms are on the page above."""
    return visitor.go_on(_path(code))


@router.post("/f/{code}/confirm")
async def confirm(visitor: Visiting, code: str) -> Response:
    """解决了."""
    return await _say(
        visitor,
        code,
        "confirmed",
        visitor.services.requests.confirm_by_slip(
            _holder(visitor), code, idempotency_key=visitor.once
        ),
    )


@router.get("/f/{code}/not-solved")
async def ask_why(visitor: Visiting, code: str) -> Response:
    """The form for the reason."""
    return await _follow(visitor, code, template="slips/not_solved.html")


@router.post("/f/{code}/not-solved")
async def say_not_solved(
    visitor: Visiting, code: str, sent: Annotated[ReasonForm, Form()]
) -> Response:
    """没解决, with what is still wrong."""
    page: dict[str, Any] = {"template": "slips/not_solved.html", "reason": sent.reason}
    if not sent.reason.strip():
        why = visitor.gettext("请写一句哪里没解决，办理的人好知道再做什么。")
        return await _follow(visitor, code, 400, remarks={"reason": why}, **page)
    ask = visitor.services.requests.say_not_solved_by_slip
    body = Reason(reason=sent.reason)
    answer = ask(_holder(visitor), code, body, idempotency_key=visitor.once)
    return await _say(visitor, code, "not-solved", answer, **page)


@router.post("/f/{code}/rate")
async def rate(visitor: Visiting, code: str, sent: Annotated[RatingForm, Form()]) -> Response:
    """How it went."""
    page: dict[str, Any] = {"stars": sent.stars, "note": sent.note}
    if sent.stars not in {"1", "2", "3", "4", "5"}:
        why = visitor.gettext("请选一项。")
        return await _follow(visitor, code, 400, remarks={"stars": why}, **page)
    ask = visitor.services.requests.rate_by_slip
    body = Rating(stars=int(sent.stars), note=sent.note)
    answer = ask(_holder(visitor), code, body, idempotency_key=visitor.once)
    return await _say(visitor, code, "rated", answer, **page)


async def _say(
    visitor: Visitor, code: str, done: str, answer: Awaitable[FollowUpView], **page: Any
) -> Response:
    """Await what the holder says; go on, or show the page again with what was said and why not."""
    try:
        await answer
    except (Refused, TooMany, Unavailable) as problem:
        if isinstance(problem, Refused) and problem.code == NO_SUCH_SLIP:
            return _wrong_code(visitor, code, problem)
        found = refusal(problem, visitor, {"reason": "reason", "note": "note", "stars": "stars"})
        return await _follow(visitor, code, **found.page, **page)
    return visitor.go_on(f"{_path(code)}?done={done}")


async def _follow(
    visitor: Visitor,
    code: str,
    status: int = 200,
    *,
    template: str = "slips/follow.html",
    **context: Any,
) -> Response:
    """A page about the slip's request; where the code is not good, the form to type it."""
    try:
        found = await visitor.services.requests.get_follow_up(_holder(visitor), code)
    except (Refused, TooMany) as problem:
        return _wrong_code(visitor, code, problem)
    ask = visitor.services.directory.get_service_phone
    line = await part(ask(_holder(visitor), found.community))
    given: dict[str, Any] = {"stars": "", "note": "", "reason": "", "line": line} | context
    given["done"] = visitor.parameter("done")
    return visitor.page(template, status, path=_path(code), found=found, **given)


def _wrong_code(visitor: Visitor, code: str, problem: Refused | TooMany) -> Response:
    """The form, with the code as it was read and what is wrong with it."""
    found = refusal(problem, visitor, {})
    return _form(
        visitor,
        found.status,
        code=_grouped(code),
        remarks={"code": found.remarks["form"]},
        headers=found.headers,
    )


def _form(visitor: Visitor, status: int = 200, *, code: str = "", **context: Any) -> Response:
    return visitor.page("slips/code.html", status, code=code, **context)


def _holder(visitor: Visitor) -> Caller:
    """Whoever holds the paper: a wrong code is counted for their address, not for ours."""
    return visitor.caller.model_copy(update={"token": None})


def _path(code: str) -> str:
    """The address of a slip, with its code as it is printed."""
    return f"/f/{at(_grouped(code))}"


def _grouped(code: str) -> str:
    """A code in groups of four, as it is printed, however it was typed."""
    plain = typed_code(code)
    return "-".join(plain[start : start + GROUP] for start in range(0, len(plain), GROUP))
