"""How it went: solved or not, a rating, or the request is withdrawn."""

from collections.abc import Awaitable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.requests import Rating, Reason
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, Refusal, refusal
from services.console.pages.parts.part import part
from services.console.pages.parts.words import STARS
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/requests/{request_id}")

NO_REASON = N_("请写一下原因，方便我们改进。")
NO_STARS = N_("请选一项。")


class ReasonForm(FormSent):
    """Why it is not solved, or withdrawn."""

    reason: str = ""


class RatingForm(FormSent):
    """How it went, 1 to 5, and in words."""

    stars: str = ""
    note: str = ""


@router.get("/confirm")
async def back_to_request(visitor: SignedIn, request_id: UUID) -> Response:
    """The button is on the request's page."""
    return visitor.go_on(_address(visitor, request_id))


@router.post("/confirm")
async def confirm(visitor: SignedIn, request_id: UUID) -> Response:
    """解决了: close it, and go on to the rating."""
    ask = visitor.services.requests.close
    refused = await _done(visitor, ask(*_one(visitor, request_id), idempotency_key=visitor.once))
    if refused:
        return await _page(visitor, "refused", request_id, refused)
    return visitor.go_on(f"{_address(visitor, request_id)}/rate")


@router.get("/not-solved")
async def not_solved_form(visitor: SignedIn, request_id: UUID) -> Response:
    """The form that asks why."""
    return await _page(visitor, "not_solved", request_id, reason="")


@router.post("/not-solved")
async def not_solved(
    visitor: SignedIn, request_id: UUID, sent: Annotated[ReasonForm, Form()]
) -> Response:
    """没解决: back to its takers, or open again."""
    ask = visitor.services.requests.say_not_solved
    refused = _missing(visitor, "reason", NO_REASON, sent.reason) or await _done(
        visitor,
        ask(*_one(visitor, request_id), Reason(reason=sent.reason), idempotency_key=visitor.once),
    )
    if refused:
        return await _page(visitor, "not_solved", request_id, refused, reason=sent.reason)
    return visitor.go_on(f"{_address(visitor, request_id)}?done=reopened")


@router.get("/rate")
async def rating_form(visitor: SignedIn, request_id: UUID) -> Response:
    """The form that asks how it went."""
    return await _page(visitor, "rate", request_id, stars="", note="")


@router.post("/rate")
async def rate(
    visitor: SignedIn, request_id: UUID, sent: Annotated[RatingForm, Form()]
) -> Response:
    """Keep the rating."""
    ask = visitor.services.requests.rate
    is_chosen = sent.stars in STARS
    refused = _missing(visitor, "stars", NO_STARS, sent.stars if is_chosen else "") or await _done(
        visitor,
        ask(
            *_one(visitor, request_id),
            Rating(stars=int(sent.stars), note=sent.note),
            idempotency_key=visitor.once,
        ),
    )
    if refused:
        return await _page(visitor, "rate", request_id, refused, stars=sent.stars, note=sent.note)
    return visitor.go_on(f"{_address(visitor, request_id)}?done=rated")


@router.get("/withdraw")
async def withdrawal_form(visitor: SignedIn, request_id: UUID) -> Response:
    """The form that asks whether, and why."""
    return await _page(visitor, "withdraw", request_id, reason="")


@router.post("/withdraw")
async def withdraw(
    visitor: SignedIn, request_id: UUID, sent: Annotated[ReasonForm, Form()]
) -> Response:
    """Withdraw it; nobody has taken it yet."""
    ask = visitor.services.requests.cancel
    reason = Reason(reason=sent.reason)
    refused = await _done(
        visitor, ask(*_one(visitor, request_id), reason, idempotency_key=visitor.once)
    )
    if refused:
        return await _page(visitor, "withdraw", request_id, refused, reason=sent.reason)
    return visitor.go_on(f"{_address(visitor, request_id)}?done=withdrawn")


def _one(visitor: Visitor, request_id: UUID) -> tuple[Any, str, UUID]:
    return visitor.caller, visitor.community, request_id


def _address(visitor: Visitor, request_id: UUID) -> str:
    return f"/in/{visitor.community}/requests/{request_id}"


def _missing(visitor: Visitor, field: str, sentence: str, value: str) -> Refusal | None:
    if value.strip():
        return None
    return Refusal(status=400, remarks={field: visitor.gettext(sentence)})


async def _done(visitor: Visitor, call: Awaitable[object]) -> Refusal | None:
    """Do it; or what to say about it."""
    try:
        await call
    except (Refused, TooMany, Unavailable) as problem:
        return refusal(problem, visitor, {"reason": "reason", "note": "note", "stars": "stars"})
    return None


async def _page(
    visitor: Visitor, name: str, request_id: UUID, refused: Refusal | None = None, **typed: str
) -> Response:
    """A form about the request, with what was typed and what is to be said about it."""
    ask = visitor.services.requests.get_request
    request = await part(ask(*_one(visitor, request_id)))  # without it, what was typed is kept
    return visitor.page(
        f"resident/{name}.html",
        refused.status if refused else 200,
        headers=refused.headers if refused else None,
        remarks=refused.remarks if refused else {},
        request=request,
        address=_address(visitor, request_id),
        **typed,
    )
